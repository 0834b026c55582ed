//! Messages of appliances, and the levels and times of lines that have no priority.

use super::*;

#[test]
fn an_event_behind_a_time_and_a_host_is_read() {
    for line in [
        "2023-11-14T22:13:20.000+0000 fw1.example CEF:0|a|b|c|d|e|8|src=192.0.2.7 suser=bob",
        "2023-11-14T22:13:20 UTC fw1.example CEF:0|a|b|c|d|e|8|src=192.0.2.7 suser=bob",
        "2023-11-14 22:13:20 fw1.example LEEF:1.0|a|b|c|d|sev=8\tsrc=192.0.2.7\tusrName=bob",
        "Nov 14 2023 22:13:20 UTC fw1.example ASM:CEF:0|a|b|c|d|e|8|src=192.0.2.7 suser=bob",
    ] {
        let event = read(line);
        assert_eq!(
            (event.format, event.timestamp, event.level),
            ("rfc3164", Some(1_700_000_000_000_000), Level::Error)
        );
        assert_eq!(
            (&*event.host, &*event.user_name, event.ip),
            ("fw1.example", "bob", "192.0.2.7".parse().ok()),
            "{line}"
        );
    }
    for line in ["2023-11-14 22:13:20 ERROR CEF:0|a|b|c|d|e|8|src=192.0.2.7", "2023-11-14 22:13:20 * CEF: is a format"]
    {
        assert_eq!(read(line).host, "", "{line}");
    }
    let event = read("1700000000000 fw1 ASM:CEF:0|a|b|c|d|e|8|src=192.0.2.7");
    assert_eq!((event.format, &*event.host), ("cef", "fw1"));
}

#[test]
fn what_stands_behind_a_label_or_in_the_place_of_a_program_is_read() {
    for (message, ip, user) in [
        (
            "1700000000.123 16 192.0.2.7 TCP_DENIED/403 0 GET http://a.example/ bob NONE/- - POLICY <x,1,-> -",
            "192.0.2.7",
            "bob",
        ),
        ("proxy: [SSH Session] session_id=\"7\" client_ip=\"192.0.2.7\" user=\"bob\" type=\"x y\"", "192.0.2.7", "bob"),
        ("BG[7]: 7:01:02:event=login;site=a.example;who=a (b) c;who_ip=192.0.2.7", "192.0.2.7", ""),
        ("dfwpktlogs: 7 INET match DROP domain-c7/1001 IN 60 TCP 192.0.2.7/5->192.0.2.1/8140 S", "192.0.2.7", ""),
        ("Acl: %ACL-6-IPACCESS: list a Ethernet1 denied tcp 192.0.2.7(5) -> 192.0.2.1(445)", "192.0.2.7", ""),
        ("SymantecServer: Virus found,IP Address: 192.0.2.7,User: bob,Action: Left alone", "192.0.2.7", "bob"),
        (
            "PulseSecure: 2023-11-14 22:13:20 - n1 - [192.0.2.7] bob(staff)[r1] - Login failed. Reason: x",
            "192.0.2.7",
            "bob",
        ),
        ("journal: Oracle Audit[7]: LENGTH: '9' TYPE:\"4\" DBUSER:\"bob\" CURUSER:\"eve\" ACTION:\"1\"", "", "bob"),
        ("httpd: 2023-11-14 22:13:20.123Z [bob]: Login_Allowed - - to=x ip=192.0.2.7 auth=LOCAL", "192.0.2.7", "bob"),
        (
            "%UC_AUDITLOG-5-AdministrativeEvent: %[UserID=bob][ClientAddress=192.0.2.7][Severity=5]: text",
            "192.0.2.7",
            "bob",
        ),
    ] {
        let line = format!("<134>Nov 14 22:13:20 web1 {message}");
        let event = read(&line);
        assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{line}");
    }
}

#[test]
fn check_points_time_may_have_a_blank_in_it() {
    let line = "<134>1 2023-11-14 22:13:20 fw1 CheckPoint 7 - [action:\"Update\"; src:\"192.0.2.7\"; product:\"x\";]";
    let event = read(line);
    assert_eq!((event.format, event.timestamp), ("rfc5424", Some(1_700_000_000_000_000)));
    assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("fw1", "CheckPoint", "7"));
    assert_eq!(event.ip, "192.0.2.7".parse().ok());
    assert_eq!(read("<134>1 2023-11-14 22:13:20 fw1 other 7 - - text").format, "plain");
}

#[test]
fn a_files_line_has_the_level_that_its_message_begins_with() {
    for (message, level) in [
        ("asterisk[7]: NOTICE[9]: text", Level::Info),
        ("app: [error] text", Level::Error),
        ("app: level=debug n=1", Level::Debug),
        ("app: an ERROR occurred", Level::Unknown),
    ] {
        let line = format!("Nov 14 22:13:20 web1 {message}");
        assert_eq!((read(&line).level, read(&line).severity), (level, None), "{line}");
        let line = format!("<14>{line}");
        assert_eq!(read(&line).severity, Some(6), "{line}");
    }
    let line = "<14>Nov 14 22:13:20 web1 app: [error] text";
    assert_eq!(read(line).level, Level::Info);
}

#[test]
fn pairs_behind_the_name_of_an_appliance_stay_pairs() {
    for app in ["PulseSecure", "AUDIT", "journal"] {
        let line = format!("<134>Nov 14 22:13:20 web1 {app}: id=firewall user=bob src=192.0.2.7 type=vpn msg=\"a b\"");
        let event = read(&line);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
        assert_eq!(event.attributes.get("type"), Some("vpn"), "{line}");
    }
}

#[test]
fn the_name_of_a_device_is_the_host_and_nobodys_sign_no_user() {
    for (line, host) in [
        (
            "time=22:13:20 devname=\"fw1\" devid=\"F1\" logid=\"7\" level=\"notice\" user=\"N/A\" hostname=\"www.example\"",
            "fw1",
        ),
        ("timestamp=\"2023-11-14T22:13:20Z\" device_name=\"fw1\" log_type=\"Event\" user_name=\"\" a=b", "fw1"),
        ("time=22:13:20 devname=\"/dev/sda\" hostname=\"web1\" level=\"notice\" a=b", "web1"),
    ] {
        let event = read(line);
        assert_eq!((event.format, &*event.host, &*event.user_name), ("logfmt", host, ""), "{line}");
    }
    assert_eq!(read("22:13 proxy httpd: id=\"7\" user=\"-\" method=\"GET\"").user_name, "");
}

#[test]
fn a_files_line_with_four_dashes_behind_the_host_is_structured() {
    let event = read("2023-11-14T22:13:20.123+00:00 waf1.example - - - - {\"a\":7}");
    assert_eq!((event.format, &*event.host, &*event.app), ("rfc5424", "waf1.example", ""));
    assert_eq!(&*event.message, b"{\"a\":7}");
    for line in ["2023-11-14T22:13:20Z web1 - - x - text", "2023-11-14T22:13:20Z ERROR - - - - text"] {
        assert_ne!(read(line).format, "rfc5424", "{line}");
    }
}

#[test]
fn the_messages_of_big_ip_and_of_the_programs_on_it_are_read() {
    for (message, ip, user) in [
        ("err sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
        (
            "info httpd(pam_audit)[7]: 01070417:6: AUDIT - user bob - RAW: httpd(pam_audit): user=bob(bob) partition=[All] level=Guest tty=(unknown) host=192.0.2.7 attempts=1",
            "192.0.2.7",
            "bob",
        ),
        ("notice tmsh[7]: 01420002:5: AUDIT - pid=7 user=bob folder=/ module=(tmos)# status=[Command OK]", "", "bob"),
        ("warning tmm[7]: 01260013:4: SSL Handshake failed for TCP 192.0.2.7:4000 -> 192.0.2.1:443", "192.0.2.7", ""),
    ] {
        for head in ["", "<134>"] {
            let line = format!("{head}Nov 14 22:13:20 lb1 {message}");
            let event = read(&line);
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{message}");
        }
    }
}
