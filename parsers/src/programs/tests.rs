mod hosts;
mod servers;

use super::*;
use crate::Zone;

const CX: Context = Context { received_at: 0, zone: Zone::UTC };

fn check(app: &str, message: &str, expected: &str) {
    let event = read(app, message.as_bytes(), &CX).unwrap_or_default();
    let ip = event.ip.map_or("-".to_owned(), |ip| ip.to_string());
    let user = if event.user_name.is_empty() { "-" } else { &event.user_name };
    let outcome = event.attributes.get("outcome").unwrap_or("-");
    assert_eq!(format!("{user} {ip} {outcome}"), expected, "{message}");
}

#[test]
fn sshd_names_the_user_and_the_address() {
    for (message, expected) in [
        ("Failed password for bob from 192.0.2.7 port 4000 ssh2", "bob 192.0.2.7 failure"),
        ("Failed password for invalid user eve from 192.0.2.7 port 4000 ssh2", "eve 192.0.2.7 failure"),
        (
            "Failed password for invalid user a from 192.0.2.9 from 192.0.2.7 port 4000 ssh2",
            "a from 192.0.2.9 192.0.2.7 failure",
        ),
        (
            "Failed password for invalid user eve from 192.0.2.7 port 4000 ssh2: from 192.0.2.9 port 5 ssh2",
            "eve 192.0.2.7 failure",
        ),
        (
            "Authentication tried for bob with correct key but not from a permitted host (host=h.example, ip=192.0.2.7, required=192.0.2.1).",
            "bob 192.0.2.7 failure",
        ),
        (
            "error: Protocol major versions differ for 192.0.2.7 port 4000: SSH-2.0-x vs. SSH-1.5-y",
            "- 192.0.2.7 failure",
        ),
        ("Nasty PTR record \"192.0.2.1\" is set up for 192.0.2.7, ignoring", "- 192.0.2.7 -"),
        ("error: Could not get shadow information for bob", "bob - failure"),
        ("pam_sss(sshd:auth): received for user bob: 7 (Authentication failure)", "bob - failure"),
        ("pam_sss(sshd:account): received for user bob: 0 (Success)", "- - -"),
        ("pam_succeed_if(sshd:auth): requirement \"uid >= 1000\" not met by user \"bob\"", "bob - failure"),
        ("pam_userdb(sshd:auth): user 'bob' denied access (incorrect password)", "bob - failure"),
        ("Timeout before authentication for connection from 192.0.2.7 to 192.0.2.1, pid = 7", "- 192.0.2.7 -"),
        ("drop connection #4 from [192.0.2.7]:4000 on [192.0.2.1]:22 past MaxStartups", "- 192.0.2.7 failure"),
        ("Accepted publickey for bob from 2001:db8::7 port 4000 ssh2: RSA x", "bob 2001:db8::7 success"),
        ("Invalid user eve from 192.0.2.7", "eve 192.0.2.7 failure"),
        ("Invalid user  from 192.0.2.7 port 4", "- 192.0.2.7 failure"),
        ("Connection closed by authenticating user bob 192.0.2.7 port 4 [preauth]", "bob 192.0.2.7 -"),
        ("error: PAM: Authentication failure for bob from 192.0.2.7", "bob 192.0.2.7 failure"),
        ("message repeated 3 times: [ Failed password for bob from 192.0.2.7 port 4 ssh2]", "bob 192.0.2.7 failure"),
        ("pam_unix(sshd:session): session opened for user bob(uid=7) by (uid=0)", "bob - success"),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=bob",
            "bob 192.0.2.7 failure",
        ),
        ("Server listening on 192.0.2.1 port 22.", "- - -"),
        ("ROOT LOGIN REFUSED FROM 192.0.2.7 port 4 [preauth]", "ROOT 192.0.2.7 failure"),
        ("input_userauth_request: invalid user eve [preauth]", "eve - failure"),
        ("Disconnecting: Too many authentication failures for bob [preauth]", "bob - failure"),
        ("fatal: Unable to negotiate with 192.0.2.7 port 4: no matching cipher found.", "- 192.0.2.7 failure"),
        ("error: Received disconnect from 192.0.2.7 port 4:3: Auth fail [preauth]", "- 192.0.2.7 -"),
        ("Bad protocol version identification 'x' from 192.0.2.9' from 192.0.2.7 port 4", "- 192.0.2.7 failure"),
        ("SSH: Server;Ltype: Authname;Remote: 192.0.2.7-4000;Name: bob [preauth]", "bob 192.0.2.7 -"),
        ("SSH: Server;Ltype: Kex;Remote: 2001:db8::7-4000;Enc: x;MAC: y", "- 2001:db8::7 -"),
        (
            "[ID 800047 auth.info] Failed keyboard-interactive for bob from 192.0.2.7 port 4 ssh2",
            "bob 192.0.2.7 failure",
        ),
    ] {
        check("sshd", message, expected);
    }
}

#[test]
fn other_programs_are_known_by_their_name() {
    for (app, message, expected) in [
        ("sudo", "bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls -l", "bob - success"),
        ("sudo", "eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "eve - failure"),
        ("sudo", "pam_tally2(sudo:auth): user bob (1001) tally 6, deny 5", "bob - failure"),
        ("su", "FAILED SU (to root) bob on pts/0", "bob - failure"),
        ("su", "(to root) bob on pts/0", "bob - success"),
        ("CRON", "(bob) CMD (/usr/bin/true)", "bob - -"),
        (
            "amavis",
            "(7-01) Blocked SPAM {DiscardedInbound}, [192.0.2.1]:5000 [192.0.2.7] <a@example.com> -> <b@example.net>, Hits: 9.5, 12 ms",
            "- 192.0.2.7 failure",
        ),
        (
            "amavis",
            "(7-01) Passed CLEAN {RelayedInbound}, [192.0.2.7]:5000 <a@example.com> -> <b@example.net>, 12 ms",
            "- 192.0.2.7 -",
        ),
        ("LLNG", "[warn] bob was not found in LDAP directory (192.0.2.7)", "bob 192.0.2.7 failure"),
        ("LLNG", "[warn] Bad password for bob (192.0.2.7)", "bob 192.0.2.7 failure"),
        ("lemonldap-ng", "Lemonldap::NG : bob was not found in LDAP directory (192.0.2.7)", "bob 192.0.2.7 failure"),
        (
            "jellyfin",
            "[22:13:20] [INF] Authentication request for bob has been denied (IP: 192.0.2.7).",
            "bob 192.0.2.7 failure",
        ),
        ("nextcloud", "Login failed: bob (Remote IP: 192.0.2.7)", "bob 192.0.2.7 failure"),
        (
            "wwsympa",
            "info main::do_home() [robot a.example] [session 7] [client 2001:db8::7] [user bob@a.example]",
            "bob@a.example 2001:db8::7 -",
        ),
        ("wwsympa", "info main:: [robot a.example] [session 7] [client 192.0.2.7] Unknown action x", "- 192.0.2.7 -"),
        ("login", "FAILED LOGIN 1 FROM 192.0.2.7 FOR bob, Authentication failure", "bob 192.0.2.7 failure"),
        ("systemd-logind", "New session 5 of user bob.", "bob - success"),
        ("useradd", "new user: name=bob, UID=7, GID=7, home=/home/bob, shell=/bin/sh", "bob - -"),
        (
            "dovecot",
            "imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1",
            "bob 192.0.2.7 success",
        ),
        (
            "dovecot",
            "pop3-login: Disconnected (auth failed, 1 attempts): user=<eve>, rip=192.0.2.7, lip=192.0.2.1",
            "eve 192.0.2.7 failure",
        ),
        ("dovecot", "auth: passwd-file(eve,192.0.2.7): unknown user", "eve 192.0.2.7 failure"),
        ("postfix/smtpd", "warning: x.example[192.0.2.7]: SASL LOGIN authentication failed: x", "- 192.0.2.7 failure"),
        (
            "postfix/smtpd",
            "4F2: client=x.example[192.0.2.7], sasl_method=LOGIN, sasl_username=bob",
            "bob 192.0.2.7 success",
        ),
        ("vsftpd", "[bob] FAIL LOGIN: Client \"192.0.2.7\"", "bob 192.0.2.7 failure"),
        ("vsftpd", "[bob] FAIL UPLOAD: Client \"192.0.2.7\", \"/a\", 0.00Kbyte/sec", "bob 192.0.2.7 failure"),
        (
            "Hostd",
            "[Originator@6876 sub=x user=y] Event 7 : User bob@192.0.2.7 logged in as z",
            "bob 192.0.2.7 success",
        ),
        ("vpxd", "Event [1] [info] [x] [Cannot login bob@192.0.2.7]", "bob 192.0.2.7 failure"),
        (
            "Connection",
            "User [bob] from [192.0.2.7] failed to sign in to [DSM] via [password]",
            "bob 192.0.2.7 failure",
        ),
        ("Connection", "User [bob] from [192.0.2.7] signed in to [DSM] successfully", "bob 192.0.2.7 success"),
        ("proftpd", "web1 (x[192.0.2.7]): USER bob (Login failed): No such user", "bob 192.0.2.7 failure"),
        (
            "openvpn",
            "TLS Error: cannot locate HMAC in incoming packet from [AF_INET]192.0.2.7:5",
            "- 192.0.2.7 failure",
        ),
        ("nginx", "Failed password for bob from 192.0.2.7 port 4000 ssh2", "- - -"),
        ("runuser", "pam_unix(runuser:session): session opened for user bob(uid=26) by root(uid=0)", "bob - success"),
        (
            "sshd",
            "pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked",
            "bob - failure",
        ),
        ("crond", "(bob) FAILED to authorize user with PAM (Permission denied)", "bob - failure"),
        ("sshd", "Close session: user bob from 192.0.2.7 port 5 id 0", "bob 192.0.2.7 -"),
        ("su", "'su root' failed for bob on /dev/pts/8", "bob - failure"),
        (
            "polkitd",
            "Operator of unix-session:1 successfully authenticated as unix-user:root to gain ONE-SHOT authorization for action \
             org.x for unix-process:1:2 [sh] (owned by unix-user:bob)",
            "bob - success",
        ),
        (
            "polkitd",
            "Operator of unix-session:1 FAILED to authenticate to gain authorization for action org.x for unix-process:1:2 [sh] \
             (owned by unix-user:bob)",
            "bob - failure",
        ),
        ("pkexec", "bob: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/bin/sh]", "bob - success"),
        ("fail2ban.actions", "NOTICE [sshd] Ban 192.0.2.7", "- 192.0.2.7 -"),
        ("fail2ban.server.actions", "WARNING [ssh] Ban 192.0.2.7", "- 192.0.2.7 -"),
        ("dhcpd", "DHCPACK on 192.0.2.7 to 00:53:00:00:00:01 (laptop) via eth0", "- 192.0.2.7 -"),
        ("dhcpd", "DHCPREQUEST for 192.0.2.7 (192.0.2.1) from 00:53:00:00:00:01 via eth0", "- 192.0.2.7 -"),
        ("dnsmasq-dhcp", "DHCPACK(br0) 192.0.2.7 00:53:00:00:00:01 laptop", "- 192.0.2.7 -"),
        ("postgres", "[3-1] FATAL:  password authentication failed for user \"bob\"", "bob - failure"),
        ("mysqld", "Access denied for user 'bob'@'192.0.2.7' (using password: YES)", "bob 192.0.2.7 failure"),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn appliances_name_the_client_and_the_user() {
    for (app, message, expected) in [
        (
            "connect-secure",
            "2023-11-14 22:13:20 - n1 - [192.0.2.7] AD\\bob(staff)[r1] - Login failed using auth server x.  Reason: y",
            "AD\\bob 192.0.2.7 failure",
        ),
        (
            "connect-secure",
            "2023-11-14 22:13:20 - n1 - [192.0.2.7] Default Network::bob(staff)[][] - Login succeeded for bob/staff from 192.0.2.9",
            "bob 192.0.2.7 success",
        ),
        (
            "connect-secure",
            "2023-11-14 22:13:20 - n1 - [192.0.2.7] System()[] - Sent user records to eve for bob",
            "- 192.0.2.7 -",
        ),
        (
            "nios",
            "2023-11-14 22:13:20.123Z [bob]: Login_Denied - - to=Serial\\040Console ip=192.0.2.7 auth=PAM",
            "bob 192.0.2.7 failure",
        ),
        ("nios", "2023-11-14 22:13:20.123Z [bob]: Logout - - ip=192.0.2.7 group=a", "bob 192.0.2.7 -"),
        ("nios", "2023-11-14 22:13:20.123Z [bob]: Called - restart: Args grid=True", "bob - -"),
        ("Oracle", "Oracle Audit[7]: LENGTH: '9' TYPE:\"4\" DBUSER:\"BOB\" CURUSER:\"EVE\" ACTION:\"1\"", "BOB - -"),
        (
            "Oracle",
            "Audit[7]: LENGTH : '9' ACTION :[6] 'COMMIT' DATABASE USER:[1] '/' CLIENT USER:[3] 'bob' STATUS:[1] '0'",
            "bob - -",
        ),
        ("mysql-server_auditing", "db db1,bob,192.0.2.7,32,0,CONNECT,shop,,0", "bob 192.0.2.7 success"),
        ("mysql-server_auditing", "db db1,bob,192.0.2.7,32,394,QUERY,shop,'SELECT a, b',1146", "bob 192.0.2.7 -"),
        ("#ILO5", "Browser login: bob - 192.0.2.7(pc7.example).", "bob 192.0.2.7 success"),
        ("AUDIT", "bob GUI 192.0.2.7 4000 CONFIG 7 config SET a b", "bob 192.0.2.7 -"),
        ("TR", "192.0.2.1 80 192.0.2.7 4000 \"bob\" \"-\" GET HTTP a.example HTTP/1.1 200 5", "bob 192.0.2.7 -"),
        ("mgd", "UI_CMDLINE_READ_LINE: User 'bob' command 'show version '", "bob - -"),
        (
            "mgd",
            "UI_LOGIN_EVENT: User 'bob' login, class 'x' [7], ssh-connection '192.0.2.7 4000 192.0.2.1 22', client-mode 'cli'",
            "bob 192.0.2.7 success",
        ),
        ("ssldata", "[A:7] 1700000000 192.0.2.7:4000 -> 192.0.2.1:443 TLS1.2 X a.example rule:6", "- 192.0.2.7 -"),
        (
            "junos-filter",
            "FW: et-1/1/1.5 D 09c9:0800 00:53:00:00:00:01 -> 00:53:00:00:00:02  tcp 192.0.2.7 192.0.2.1 4000  80 (1 packets)",
            "- 192.0.2.7 -",
        ),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn servers_of_many_kinds_are_known_by_their_name() {
    for (app, message, expected) in [
        (
            "dropbear",
            "Exit before auth (user 'bob', 9 fails): Max auth tries reached - user 'bob' from 192.0.2.7:5",
            "bob 192.0.2.7 failure",
        ),
        (
            "courieresmtpd",
            "error,relay=::ffff:192.0.2.7,from=<>,to=<bob@example.com>: 550 User unknown.",
            "- 192.0.2.7 failure",
        ),
        ("imapd-ssl", "LOGIN FAILED, user=bob, ip=[::ffff:192.0.2.7]", "bob 192.0.2.7 failure"),
        (
            "cyrus/pop3",
            "badlogin: a.example [192.0.2.7] plaintext bob SASL(-13): authentication failure: x",
            "bob 192.0.2.7 failure",
        ),
        ("imapd", "Login disabled user=bob auth=bob host=a.example [192.0.2.7]", "bob 192.0.2.7 failure"),
        ("solid-pop3d", "authentication failed: no such user: bob - 192.0.2.7", "bob 192.0.2.7 failure"),
        (
            "sendmail",
            "06I: AUTH failure (LOGIN): authentication failure (-13), user=bob, relay=[192.0.2.9], relay=h [192.0.2.7] (may be forged)",
            "bob, relay=[192.0.2.9] 192.0.2.7 failure",
        ),
        (
            "sm-mta",
            "s1P: ruleset=check_rcpt, arg1=<a@b>, relay=h.example [192.0.2.7], reject=550 5.7.1 no",
            "- 192.0.2.7 failure",
        ),
        (
            "sm-mta",
            "s1P: h.example [IPv6:2001:db8::7] did not issue MAIL/EXPN/VRFY/ETRN during connection",
            "- 2001:db8::7 -",
        ),
        ("qmail", "1700000000.1 rblsmtpd: 192.0.2.7 pid 19 sbl.example: 451 x", "- 192.0.2.7 failure"),
        (
            "named",
            "client @0x7f 192.0.2.7#53 (a.example): zone transfer 'a.example/AXFR/IN' denied",
            "- 192.0.2.7 failure",
        ),
        (
            "danted",
            "info: block(1): tcp/accept ]: 192.0.2.7.5 192.0.2.1.1080: error: authentication failed for user \"bob\"",
            "bob 192.0.2.7 failure",
        ),
        ("charon", "08[NET] <1> sending packet: from 192.0.2.1[4500] to 192.0.2.7[28821] (128 bytes)", "- 192.0.2.7 -"),
        ("charon", "08[NET] <1> received packet: from 192.0.2.7[4500] to 192.0.2.1[500] (128 bytes)", "- 192.0.2.7 -"),
        (
            "kernel",
            "[8.1] wireguard: wg0: Packet has unallowed src IP (192.0.2.9) from peer 1 (192.0.2.7:51820)",
            "- 192.0.2.7 -",
        ),
        ("scanlogd", "192.0.2.7 to 192.0.2.1 ports 80, 81, 83", "- 192.0.2.7 failure"),
        ("xinetd", "FAIL: telnet address from=192.0.2.7", "- 192.0.2.7 failure"),
        ("suhosin", "ALERT - variable dropped (attacker '192.0.2.7', file '/a.php')", "- 192.0.2.7 failure"),
        (
            "asterisk",
            "NOTICE[7]: chan_sip.c:2 in x: Registration from '<sip:3@a>' failed for '192.0.2.7:5060' - Wrong password",
            "- 192.0.2.7 failure",
        ),
        ("asterisk", "NOTICE[7]: manager.c: 192.0.2.7 failed to authenticate as 'bob'", "bob 192.0.2.7 failure"),
        (
            "pvedaemon",
            "authentication failure; rhost=::ffff:192.0.2.7 user=bob@pve msg=no such user ('bob@pve')",
            "bob 192.0.2.7 failure",
        ),
        (
            "monit",
            "HttpRequest: access denied -- client 192.0.2.7: wrong password for user 'bob'",
            "bob 192.0.2.7 failure",
        ),
        ("webmin", "Non-existent login as bob from 192.0.2.7", "bob 192.0.2.7 failure"),
        (
            "xrdp-sesman",
            "[INFO ] AUTHFAIL: user=bob ip=192.0.2.9 ip=::ffff:192.0.2.7 time=17",
            "bob ip=192.0.2.9 192.0.2.7 failure",
        ),
        (
            "jellyfin",
            "[10:22:17] [INF] Authentication request for bob has been denied (IP: 192.0.2.7).",
            "bob 192.0.2.7 failure",
        ),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn a_line_without_a_header_is_known_by_how_it_begins() {
    for (body, expected) in [
        ("[GIN] 2023/11/14 - 22:13:20 | 401 |  5.317µs |  192.0.2.7 | POST  \"/client\"", "- 192.0.2.7"),
        (
            "SECURITY[7] res_security_log.c: SecurityEvent=\"InvalidPassword\",Service=\"SIP\",AccountID=\"bob\",SessionID=\"1\",LocalAddress=\"IPV4/UDP/192.0.2.1/5060\",RemoteAddress=\"IPV4/UDP/192.0.2.7/5084\"",
            "bob 192.0.2.7",
        ),
        ("[192.0.2.7:58629] [channel 1] command \"x\" requested", "- 192.0.2.7"),
        (",000E,2,192.0.2.1:143,192.0.2.7:35070,bob,168,31,authenticate,PLAIN", "bob 192.0.2.7"),
        (",MX1\\Default,08DA,9,192.0.2.1:25,192.0.2.7:53722,>,535 5.7.3 Authentication unsuccessful,", "- 192.0.2.7"),
        (
            "Auth: [SMB2,(null)] user [A]\\[bob] at [Thu, 14 Nov 2023] with [NTLMv2] status [NT_STATUS_X] workstation [W] remote host [ipv4:192.0.2.7:44890] mapped to",
            "bob 192.0.2.7",
        ),
        ("PROXY.3128 00005 bob 192.0.2.7:28788 0.0.0.0:0 0 0 0 GET http://a.example/ HTTP/1.1", "bob 192.0.2.7"),
        (
            "smtp: bob with a space [192.0.2.7] authentication failure using internet password",
            "bob with a space 192.0.2.7",
        ),
        ("- [72926] (192.0.2.7) bob - login error - auth_unix.pl, ret -4", "bob 192.0.2.7"),
        ("bob 192.0.2.7 failed to login", "bob 192.0.2.7"),
        ("[192.0.2.7:5000] authentication for user \"bob\" with password \"x \\\"y\" accepted", "bob 192.0.2.7"),
        ("[192.0.2.7:5000] authentication for user \"bob\" without credentials rejected", "bob 192.0.2.7"),
        ("CRIT: Banning 192.0.2.7/32 for 30 minutes", "- 192.0.2.7"),
        ("CRIT: Added host/network 192.0.2.7 to denylist", "- 192.0.2.7"),
        ("[pid 7] [bob] FTP response: Client \"192.0.2.7\", \"530 Permission denied.\"", "bob 192.0.2.7"),
        ("[pid 7] [bob] FTP command: Client \"::ffff:192.0.2.7\", \"PASV\"", "bob 192.0.2.7"),
        ("web1 proftpd[7] web1 (h[192.0.2.7]): USER bob: no such user found from h [192.0.2.7]", "bob 192.0.2.7"),
    ] {
        let mut event = LogEvent::default();
        read_line(body).unwrap_or_else(|| panic!("{body} is not known")).fill(&mut event);
        let user = if event.user_name.is_empty() { "-" } else { &event.user_name };
        assert_eq!(format!("{user} {}", event.ip.unwrap()), expected, "{body}");
    }
    for body in ["", "[a] b", "text of 192.0.2.7", "PROXY.1 2 3 4 5", "nothing[7]: x from 192.0.2.7"] {
        assert_eq!(read_line(body), None, "{body}");
    }
}

proptest::proptest! {
    #[test]
    fn any_message_is_survived(message: Vec<u8>, text in "(Failed |Accepted |for |user |from |port |=|\\(|\\)|<|>|:|;|pam_|é| ){0,40}") {
        for app in ["sshd", "sudo", "su", "CRON", "login", "useradd", "dovecot", "postfix/smtpd", "vsftpd", "openvpn"] {
            let _ = (read(app, &message, &CX), read(app, text.as_bytes(), &CX));
        }
    }

    #[test]
    fn any_line_is_survived(text in "(\\[GIN\\] |\\| |SECURITY\\[|SecurityEvent=\"|AccountID=\"|\",|SessionID=|Address=\"|a/|192\\.0\\.2\\.7|, ?|\\[|\\]|bob |é|proftpd\\[7\\] |from |: ){0,40}") {
        let _ = read_line(&text);
        for app in ["asterisk", "charon", "named", "sendmail", "danted", "smbd", "exim", "kernel"] {
            let _ = read(app, text.as_bytes(), &CX);
        }
    }
}
