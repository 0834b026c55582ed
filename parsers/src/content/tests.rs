use crate::format::{Format, parse};
use crate::{Context, Level, LogEvent, Zone, level_names};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

mod appliances;

fn read(line: &str) -> LogEvent<'_> {
    parse(Format::Auto, line.as_bytes(), &CX)
}

#[test]
fn macos_writes_the_level_before_the_text() {
    for (line, level) in [
        ("Nov 14 22:13:20 mac1 socketfilterfw[7] <Error>: no log", Level::Error),
        ("Nov 14 22:13:20 secd[7] <Notice> [user{} ]: joined", Level::Info),
        ("Nov 14 22:13:20 mac1 shop[7] <b>: joined", Level::Unknown),
        ("<14>Nov 14 22:13:20 mac1 shop[7] <Error>: no log", Level::Info),
    ] {
        assert_eq!(read(line).level, level, "{line}");
    }
}

#[test]
fn what_a_syslog_message_holds_completes_the_record() {
    for (message, ip, user) in [
        ("sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
        (
            "kernel: [5.1] wireguard: wg0: Packet has unallowed src IP (192.0.2.9) from peer 1 (192.0.2.7:5)",
            "192.0.2.7",
            "",
        ),
        ("any: who=bob n=1 ip=192.0.2.7", "192.0.2.7", ""),
        ("Shorewall:net2fw:DROP:IN=eth1 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP SPT=5 DPT=6", "192.0.2.7", ""),
        ("kernel: [5.1] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP", "192.0.2.7", ""),
        ("%ASA-6-605005: Login permitted from 192.0.2.7/5 to in:192.0.2.1/ssh for user \"bob\"", "192.0.2.7", "bob"),
        ("%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: bob] [Source: 192.0.2.7] [localport: 22]", "192.0.2.7", "bob"),
        ("%SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)", "192.0.2.7", "bob"),
        ("%VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by bob on 192.0.2.7@pts/0", "192.0.2.7", "bob"),
        (
            "7: Nov 14 22:13:20 UTC: %SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
            "192.0.2.7",
            "bob",
        ),
        (
            "RP/0/RP0/CPU0:Nov 14 22:13:20 UTC: acl[7]: %ACL-A-6-LOGP : access-list a deny tcp 192.0.2.7(5) -> 192.0.2.1(6), 1 packet",
            "192.0.2.7",
            "",
        ),
        (
            "%IOSXE-6-PLATFORM: R0/0: cpp: %FW-6-DROP_PKT: Dropping tcp pkt from Gi1/0/2 192.0.2.7:5 => 192.0.2.1:80(a) due to x",
            "192.0.2.7",
            "",
        ),
        ("%FMANFP-6-LOGP: R0/0: fp: list a denied udp 2001:db8::(5) -> 2001:db8:1::(6), 1 packet", "2001:db8::", ""),
        ("id=firewall sn=1 pri=6 msg=\"a b\" usr=\"bob\" src=192.0.2.7:5:X1: dst=192.0.2.1:53:X3", "192.0.2.7", "bob"),
        ("h=192.0.2.1 u=\"bob\" src=192.0.2.7 user=bob", "192.0.2.7", "bob"),
        ("info sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
        ("flows allow src=192.0.2.7 dst=192.0.2.1 protocol=tcp", "192.0.2.7", ""),
        (
            "0-PPE-0 : default AAA LOGIN_FAILED 3 0 :  User bob - Client_ip 192.0.2.7 - Failure_reason \"x\"",
            "192.0.2.7",
            "bob",
        ),
        ("firewall: msg_id=\"3000-0148\" Allow a b 52 tcp 20 127 192.0.2.7 192.0.2.1 5 443 offset 8", "192.0.2.7", ""),
        (
            "D0FE1 (2023-11-14T22:13:20) firewall: msg_id=\"3000-0148\" Deny a b tcp 192.0.2.7 192.0.2.1 5 443",
            "192.0.2.7",
            "",
        ),
        ("kernel: FW: ge-0/0/0.0 D tcp 192.0.2.7 192.0.2.1 5 80", "192.0.2.7", ""),
        (
            "kmd[7]: IKE negotiation failed with error: Timed out. IKE Version: 1, Local: 192.0.2.1/500, Remote: 192.0.2.7/500, x",
            "192.0.2.7",
            "",
        ),
        (
            "CISE_Failed_Attempts 01 1 0 2023-11-14 22:13:20.1 +00:00 02 5400 NOTICE Failed-Attempt: Authentication failed, UserName=bob, Framed-IP-Address=192.0.2.7,",
            "192.0.2.7",
            "bob",
        ),
        ("id=firewall sn=1 pri=1 usr=\"Unknown (SSO failed)\" src=:5:X1 srcV6=2001:db8::7 dst=::X0", "2001:db8::7", ""),
        (
            "suricata[7]: [1:2:3] x [Classification: y] [Priority: 3] {TCP} 192.0.2.7:5 -> 192.0.2.1:443",
            "192.0.2.7",
            "",
        ),
        ("NF INFO TCP 192.0.2.7 5 192.0.2.1 80 ALLOW acl traffic:allow", "192.0.2.7", ""),
        (
            "date=2023-11-14 time=22:13:20 logid=\"1\" type=\"event\" user=\"bob\" ui=\"GUI(192.0.2.7)\" status=\"200\"",
            "192.0.2.7",
            "bob",
        ),
        ("fw1: NetScreen device_id=1 proto=17 src zone=A src=192.0.2.7 dst=192.0.2.1", "192.0.2.7", ""),
        ("CEF:0|a|b|c|d|e|3|sourceAddress=192.0.2.7 sourceUserName=bob", "192.0.2.7", "bob"),
        ("%SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(51234) -> 192.0.2.1(22), 1 packet", "192.0.2.7", ""),
        ("CEF:0|a|b|c|d|e|3|src=192.0.2.7 suser=bob", "192.0.2.7", "bob"),
        ("LEEF:1.0|a|b|c|d|src=192.0.2.7\tusrName=bob", "192.0.2.7", "bob"),
        ("grafana[7]: level=info user=bob remote_addr=192.0.2.7", "192.0.2.7", "bob"),
        ("audispd: type=USER_LOGIN msg=audit(1.0:2): msg='acct=\"bob\" addr=192.0.2.7'", "192.0.2.7", "bob"),
        ("filterlog: 5,,,1,em0,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,192.0.2.7,192.0.2.1,5,22,0", "192.0.2.7", ""),
    ] {
        let line = format!("<13>Nov 14 22:13:20 web1 {message}");
        let event = read(&line);
        assert_eq!(event.ip, Some(ip.parse().unwrap()), "{line}");
        assert_eq!((&*event.user_name, &*event.host, event.format), (user, "web1", "rfc3164"), "{line}");
        assert!(line.as_bytes().ends_with(&event.message), "{line}");
    }
}

#[test]
fn opnsense_writes_of_logins_under_the_name_of_the_audit_daemon() {
    let event = read(
        "<37>1 2023-11-14T22:13:20Z fw1 audit 7 - [meta sequenceId=\"3\"] user bob could not authenticate for WebGui. [using A + B]",
    );
    assert_eq!((&*event.user_name, event.attributes.get("outcome")), ("bob", Some("failure")));
}

#[test]
fn what_apache_writes_to_syslog_has_its_level_and_its_number() {
    let event = read(
        "Nov 14 22:13:20 web1 httpd/shop[7]: [authz_core:error] [pid 9:tid 3] [client 192.0.2.7:5000] AH01630: denied: /x",
    );
    assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("web1", "httpd/shop", "7"));
    assert_eq!((event.level, event.ip), (Level::Error, "192.0.2.7".parse().ok()));
    assert_eq!((event.attributes.get("aplogno"), event.attributes.get("client_port")), (Some("AH01630"), Some("5000")));
    let event = read("Nov 14 22:13:20 web1 apache2[7]: [error] [client 192.0.2.7] user bob not found: /x");
    assert_eq!((event.level, &*event.user_name), (Level::Error, "bob"));
    let event = read("Nov 14 22:13:20 web1 httpd[7]: ALERT - x (attacker '192.0.2.7', file '/x')");
    assert_eq!((event.level, event.attributes.get("outcome")), (Level::Fatal, Some("failure")));
}

#[test]
fn the_structured_data_of_some_senders_names_user_and_address() {
    let event = read(
        "<28>1 2023-11-14T22:13:20Z r1 mgd 7 UI_LOGIN_EVENT [junos@2636.1.1.1.2.39 username=\"bob\" source-address=\"192.0.2.7\"] text",
    );
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    let event = read(
        "<28>1 2023-11-14T22:13:20Z web1 shop 7 - [mdc@18060 user=\"bob\" ip=\"::ffff:192.0.2.7\"] page 7 was asked for",
    );
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    let event = read(
        "<86>1 2023-11-14T22:13:20Z idp1 SecureAuth0 7 ID1 [SecureAuth@27389 UserHostAddress=\"192.0.2.7\" UserID=\"bob\"] text",
    );
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    let event =
        read("<28>1 2023-11-14T22:13:20Z r1 x 7 - [other@1 username=\"bob\" source-address=\"192.0.2.7\"] text");
    assert_eq!((&*event.user_name, event.ip), ("", None));
}

#[test]
fn the_time_of_sophos_utm_is_read_behind_a_priority() {
    let event = read("<30>2023:11:14-22:13:20 utm ulogd[7]: id=\"2001\" srcip=\"192.0.2.7\" action=\"drop\"");
    assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_000_000), "utm", "ulogd"));
    assert_eq!(event.ip, "192.0.2.7".parse().ok());
}

#[test]
fn the_start_of_cef_may_pass_for_the_programs_name() {
    let event = read("<13>Nov 14 22:13:20 web1 CEF:0|Acme|Guard|1|2|e|9|src=192.0.2.7");
    assert_eq!((&*event.app, event.level), ("CEF", Level::Fatal));
    assert!(event.message.starts_with(b"0|Acme"));
    assert_eq!(event.attributes.get("src"), Some("192.0.2.7"));
}

#[test]
fn a_line_without_a_header_is_read_by_its_first_bytes() {
    for (line, format) in [
        ("CEF:0|a|b|c|d|e|3|", "cef"),
        ("LEEF:1.0|a|b|c|d|x=y", "leef"),
        ("%ASA-4-106023: Deny tcp src a:192.0.2.7/1 dst b:192.0.2.1/2", "cisco_asa"),
        ("type=CWD msg=audit(1.0:2): cwd=\"/\"", "auditd"),
        ("level=info msg=\"x y\"", "logfmt"),
        ("[5.1] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1", "iptables"),
        ("CEFALU is a town", "plain"),
        ("type=x is a pair", "plain"),
    ] {
        assert_eq!(read(line).format, format, "{line}");
    }
}

#[test]
fn a_day_of_one_digit_may_lack_the_blank_that_fills_it() {
    let event = read("Nov 4 22:13:20 web1 imap[7]: badlogin: h [192.0.2.7] PLAIN failure");
    assert_eq!((event.format, &*event.app, event.ip), ("rfc3164", "imap", "192.0.2.7".parse().ok()));
    assert_eq!(event.timestamp, Some(1_699_136_000_000_000));
    assert_eq!(read("Nov 4 22:13 web1").format, "plain");
}

#[test]
fn a_firewalls_message_with_a_time_of_its_own_gives_its_fields() {
    let event = read(
        "<166>:Nov 14 22:13:20 UTC: %ASA-config-5-111010: User 'bob', running 'CLI' from IP 192.0.2.7, executed 'x'",
    );
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    let event = read("<189>date=2023-11-14 time=22:13:20 devname=\"fw1\" srcip=192.0.2.7 user=\"bob\"");
    assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
}

#[test]
fn a_firewall_that_hides_a_name_or_names_no_source_gives_none() {
    for message in [
        "%ASA-6-605004: Login denied from 192.0.2.7/5 to in:192.0.2.1/ssh for user \"*****\"",
        "%ASA-4-722051: Group <g> User <*****> IP <192.0.2.7> IPv4 Address <198.51.100.2> assigned",
        "%FTD-6-430002: SrcIP: 192.0.2.7, DstIP: 192.0.2.1, User: No Authentication Required, Client: x",
    ] {
        let line = format!("Nov 14 2023 22:13:20 fw1 : {message}");
        let event = read(&line);
        assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), ""), "{line}");
    }
    let event = read("Nov 14 2023 22:13:20 fw1 : %ASA-4-106023: Deny tcp src in:web1/5 dst out:192.0.2.1/80 by x");
    assert_eq!((event.ip, event.attributes.get("dst_ip")), (None, Some("192.0.2.1")));
}

#[test]
fn a_devices_message_says_whom_it_let_in_whatever_its_facility() {
    for header in ["<134>Nov 14 22:13:20 esa1 esa:", "<110>1 2023-11-14T22:13:20Z esa1 esa - - -"] {
        let line = format!("{header} Info: User bob from 192.0.2.7 was authenticated successfully.");
        let event = read(&line);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
        assert_eq!(event.attributes.get("outcome"), Some("success"), "{line}");
    }
}

#[test]
fn a_loggers_line_that_systemd_passed_on_has_its_own_level() {
    for (program, message, level, ip, attribute) in [
        (
            "httpd",
            "[Tue Nov 14 22:13:19.123456 2023] [core:error] [pid 7:tid 8] [client 192.0.2.7:4] AH00124: x",
            "error",
            "192.0.2.7",
            ("module", "core"),
        ),
        (
            "apache2",
            "[Tue Nov 14 22:13:19 2023] [error] [client 192.0.2.7] File does not exist: /x",
            "error",
            "192.0.2.7",
            ("", ""),
        ),
        (
            "web",
            "2023/11/14 22:13:19 [error] 7#0: *8 no x, client: 192.0.2.7, server: a",
            "error",
            "192.0.2.7",
            ("server", "a"),
        ),
        ("kubelet", "E1114 22:13:19.123456     812 kubelet.go:2347] no pod", "error", "", ("file", "kubelet.go")),
        (
            "tomcat",
            "2023-11-14 22:13:19.123 ERROR [main] com.example.Foo - no x",
            "error",
            "",
            ("logger", "com.example.Foo"),
        ),
        (
            "php-fpm",
            "[14-Nov-2023 23:13:20 Europe/Berlin] PHP Warning:  no x in /srv/a.php on line 9",
            "warn",
            "",
            ("line", "9"),
        ),
        ("worker", "2023-11-14 22:13:19,123 ERROR no x", "error", "", ("", "")),
        ("worker", "[2023-11-14 22:13:19] WARN: no x", "warn", "", ("", "")),
        ("worker", "2023 errors were found", "info", "", ("", "")),
        ("worker", "[2023] errors", "info", "", ("", "")),
        ("worker", "E1114 is a number", "info", "", ("", "")),
    ] {
        for header in [
            format!("<30>Nov 14 22:13:20 web1 {program}[99]:"),
            format!("<30>1 2023-11-14T22:13:20Z web1 {program} 99 - -"),
        ] {
            let line = format!("{header} {message}");
            let event = read(&line);
            assert_eq!((Some(event.level), event.severity), (level_names::from_word(level), Some(6)), "{line}");
            assert_eq!((&*event.message, event.ip), (message.as_bytes(), ip.parse().ok()), "{line}");
            assert_eq!(
                (&*event.app, &*event.proc_id, event.timestamp),
                (program, "99", Some(1_700_000_000_000_000)),
                "{line}"
            );
            if !attribute.0.is_empty() {
                let found: Vec<_> = event.attributes.iter().filter(|(name, _)| *name == attribute.0).collect();
                assert_eq!(found, [attribute], "{line}");
            }
        }
    }
}

#[test]
fn a_byte_that_is_not_utf_8_does_not_hide_who_did_what() {
    let of = |line: &'static [u8]| parse(Format::Auto, line, &CX);
    let sudo = of(
        b"Nov 14 22:13:20 h sudo:      bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/tmp/x\xff",
    );
    assert_eq!((&*sudo.user_name, sudo.attributes.get("outcome")), ("bob", Some("failure")));
    assert!(sudo.message.ends_with(b"COMMAND=/tmp/x\xff"));
    let pam = of(b"Nov 14 22:13:20 h sshd[7]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7 user=b\xe9");
    assert_eq!((&*pam.user_name, pam.ip), ("b\u{fffd}", "192.0.2.7".parse().ok()));
    let json =
        of(b"Nov 14 22:13:20 h app[1]: {\"level\":\"fatal\",\"user\":\"bob\",\"ip\":\"192.0.2.7\",\"m\":\"\xe9\"}");
    assert_eq!((&*json.user_name, json.level, json.attributes.get("m")), ("bob", Level::Fatal, Some("\u{fffd}")));
    let pairs = of(b"time=2023-11-14T22:13:20Z level=error msg=\"caf\xe9\" user=bob ip=192.0.2.7");
    assert_eq!((pairs.format, &*pairs.user_name, pairs.timestamp), ("logfmt", "bob", Some(1_700_000_000_000_000)));
    assert!(pairs.message.starts_with(b"time=") && pairs.message.contains(&0xe9));
}

#[test]
fn the_severity_in_a_tag_of_ios_is_the_level_of_a_files_line() {
    let event = read("Nov 14 22:13:20 192.0.2.1 77: Nov 14 22:13:19.5: %LINK-3-UPDOWN: Interface Gi0/1, changed state");
    assert_eq!((event.level, event.severity, &*event.host), (Level::Error, Some(3), "192.0.2.1"));
}

#[test]
fn a_relays_file_of_a_firewalls_messages_is_syslog() {
    for line in [
        "2023-11-14T22:13:20Z fw1 : %ASA-6-106015: Deny TCP (no connection) from 192.0.2.7/5 to 192.0.2.1/6",
        "2023-11-14T22:13:20.000+00:00 fw1  %FTD-6-430003: SrcIP: 192.0.2.7, DstIP: 192.0.2.1, Protocol: tcp",
    ] {
        let event = read(line);
        assert_eq!((event.format, &*event.host, event.level), ("rfc3164", "fw1", Level::Info), "{line}");
        assert_eq!((event.ip, event.timestamp), ("192.0.2.7".parse().ok(), Some(1_700_000_000_000_000)), "{line}");
    }
    assert_eq!(read("2023-11-14T22:13:20Z fw1 %d of 7 done").format, "plain");
}

#[test]
fn a_packet_engines_line_has_its_time_and_host() {
    let event = read(
        "<134> 11/14/2023:22:13:20 GMT ns1 0-PPE-0 : default TCP CONN 1 0 :  Source 192.0.2.7:5 - Destination 192.0.2.1:80",
    );
    assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_000_000), "ns1", "0-PPE-0"));
    assert_eq!(event.ip, "192.0.2.7".parse().ok());
}

#[test]
fn other_messages_are_left_alone() {
    for message in ["app: hello", "app: a=b is what we assume", "CEF: is a format", "kernel: usb 1-1: new device"] {
        let line = format!("<13>Nov 14 22:13:20 web1 {message}");
        let event = read(&line);
        assert!(event.attributes.is_empty() && event.ip.is_none() && event.user_name.is_empty(), "{line}");
    }
}

#[test]
fn a_routers_line_is_known_without_a_priority() {
    for (line, app, ip, time) in [
        (
            "29: *Nov 14 22:13:20.123 UTC: %SEC-6-IPACCESSLOGP: list 7 denied tcp 192.0.2.7(3067) -> 198.51.100.2(139), 1 packet",
            "%SEC-6-IPACCESSLOGP",
            Some("192.0.2.7"),
            true,
        ),
        (
            "29: Nov 14 22:13:20: %SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
            "%SYS-5-CONFIG_I",
            Some("192.0.2.7"),
            true,
        ),
        (
            "*Nov 14 22:13:20.123 UTC: %SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
            "%SYS-5-CONFIG_I",
            Some("192.0.2.7"),
            true,
        ),
        ("00:00:46: %LINK-3-UPDOWN: Interface Port-channel1, changed state to up", "%LINK-3-UPDOWN", None, false),
        (
            "%SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
            "%SYS-5-CONFIG_I",
            Some("192.0.2.7"),
            false,
        ),
    ] {
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!(
            (event.format, &*event.app, event.ip),
            ("rfc3164", app, ip.and_then(|ip| ip.parse().ok())),
            "{line}"
        );
        assert_eq!(event.timestamp.is_some(), time, "{line}");
    }
    for line in
        ["29: the end of the report", "*Nov 14 was a day", "%SYS of text", "00:00:46: %LINK is text", "100% SYS-5-A: b"]
    {
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
    }
}

#[test]
fn a_relay_may_leave_the_time_of_a_router_out() {
    let event = parse(
        Format::Auto,
        b"Nov 14 22:13:20 r1 696: %SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
        &CX,
    );
    assert_eq!((&*event.host, &*event.app, &*event.user_name), ("r1", "696", "bob"));
    assert_eq!((event.level, event.ip), (Level::Info, "192.0.2.7".parse().ok()));
}

#[test]
fn a_routers_name_may_stand_behind_its_time() {
    let event = parse(Format::Auto, b"<189>91: *Nov 14 22:13:20: r1.example %CRYPTO-4-RECVD_PKT: text", &CX);
    assert_eq!((&*event.host, &*event.app, &*event.message), ("r1.example", "%CRYPTO-4-RECVD_PKT", &b"text"[..]));
    let event = parse(Format::Auto, b"<165>7: r1: 007439: 2y10w: %SYS-5-CONFIG_I: text", &CX);
    assert_eq!((&*event.host, &*event.app, &*event.message), ("r1", "%SYS-5-CONFIG_I", &b"text"[..]));
}

#[test]
fn a_year_may_stand_before_the_stamp_of_a_file() {
    let event = parse(Format::Auto, b"2023 Nov 14 22:13:20 web1 shop[7]: text", &CX);
    assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_000_000), "web1", "shop"));
    let text = parse(Format::Auto, b"2023 Nov 14 22:13:20 it was late", &CX);
    assert_eq!((text.timestamp, text.format), (Some(1_700_000_000_000_000), "plain"));
    assert_eq!(parse(Format::Auto, b"2023 Nov 14 was a day", &CX).timestamp, None);
}

#[test]
fn macos_shows_its_log_as_syslog_with_two_blanks() {
    let line = b"2023-11-14 22:13:20.123456+0000  mac1 sshd[7]: Failed password for bob from 192.0.2.7 port 4 ssh2";
    let event = parse(Format::Auto, line, &CX);
    assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_123_456), "mac1", "sshd"));
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    assert_ne!(parse(Format::Auto, b"2023-11-14 22:13:20.123  INFO shop: text", &CX).format, "rfc3164");
}

#[test]
fn the_level_that_solaris_states_counts_for_any_program() {
    let event = parse(
        Format::Auto,
        b"Nov 14 22:13:20 sun1 in.telnetd[7]: [ID 927837 local2.warning] connect from a.example",
        &CX,
    );
    assert_eq!(event.level, Level::Warn);
}

#[test]
fn the_level_that_network_manager_states_counts() {
    let event = read("Nov 14 22:13:20 web1 NetworkManager[7]: <warn>  [1700000000.1234] device (eth0): link is down");
    assert_eq!(event.level, Level::Warn);
}

#[test]
fn a_windows_event_behind_a_priority_alone_is_read() {
    let line = "<14>pc1\tMSWinEventLog\t1\tSecurity\t9\tTue Nov 14 22:13:20.500\t4625\tAuditing\tDOM\\bob\tUser\tFailure Audit\tpc1\tLogon\t\tAn account failed to log on.\t9";
    let event = read(line);
    assert_eq!((&*event.host, &*event.app, &*event.msg_id, event.level), ("pc1", "Auditing", "4625", Level::Warn));
    assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_500_000), "DOM\\bob"));
}

#[test]
fn a_repetition_that_macos_counts_names_no_host() {
    let event = read("Nov 14 22:13:20 --- last message repeated 3 times ---");
    assert_eq!((&*event.host, &*event.app), ("", ""));
    assert_eq!(&*event.message, b"--- last message repeated 3 times ---");
}

#[test]
fn a_time_without_dividers_may_stand_before_cef_and_leef() {
    let cx = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
    for (line, format) in [
        ("20231114T221320Z fw1 CEF:0|Acme|Box|1|7|no|7|src=192.0.2.7 suser=bob", "cef"),
        ("20231114T231320+0100 fw1 LEEF:1.0|Acme|Box|1|7|src=192.0.2.7\tusrName=bob", "leef"),
        ("<13>20231114T221320Z fw1 CEF:0|Acme|Box|1|7|no|7|src=192.0.2.7 suser=bob", "rfc3164"),
    ] {
        let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &cx);
        assert_eq!((event.format, event.timestamp), (format, Some(1_700_000_000_000_000)), "{line}");
        assert_eq!((&*event.host, &*event.user_name, event.ip), ("fw1", "bob", "192.0.2.7".parse().ok()), "{line}");
    }
}

#[test]
fn an_event_of_ontap_states_its_node_its_name_and_its_severity() {
    let cx = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
    let read = |line: &'static str| crate::format::parse(crate::Format::Auto, line.as_bytes(), &cx);
    let event = read("<13>Nov 14 22:13:20 [node7: wafl: wafl.vol.full:error]: Volume a is full");
    assert_eq!((&*event.host, &*event.app, &*event.msg_id), ("node7", "wafl", "wafl.vol.full"));
    assert_eq!(event.level, Level::Error);
    let event = read("<13>Nov 14 22:13:20 nas1 [node7:wafl.vol.full:warning]: Volume a is full");
    assert_eq!((&*event.host, &*event.msg_id, event.level), ("nas1", "wafl.vol.full", Level::Warn));
    let event = read("<13>Nov 14 22:13:20 nas1 [a:b:c]: text");
    assert_eq!((&*event.msg_id, event.level), ("", Level::Info));
}
