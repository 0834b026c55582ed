use super::{CX, check};
use crate::programs::{read, read_line};
use crate::{Level, LogEvent};

#[test]
fn bind_says_its_category_and_its_severity_before_the_client() {
    for (head, level) in [
        ("queries: info: ", Level::Info),
        ("query-errors: debug 3: ", Level::Debug),
        ("security: error: ", Level::Error),
        ("14-Nov-2023 22:13:20.123 security: ", Level::Unknown),
        ("14-Nov-2023 22:13:20.123 ", Level::Unknown),
        ("", Level::Unknown),
    ] {
        let message =
            format!("{head}client @0x7f 192.0.2.7#5000 (a.example): query: a.example IN AAAA +E(0)K (192.0.2.1)");
        let event = read("named", message.as_bytes(), &CX).unwrap();
        assert_eq!((event.level, event.ip), (level, "192.0.2.7".parse().ok()), "{message}");
        assert_eq!((event.attributes.get("port"), event.attributes.get("query_type")), (Some("5000"), Some("AAAA")));
    }
    let event = read("named", b"general: info: the client of 192.0.2.7 is gone", &CX).unwrap_or_default();
    assert_eq!(event.attributes.get("port"), None);
}

#[test]
fn an_outcome_is_stated_once() {
    let found = read_line("sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2").unwrap();
    let mut event = LogEvent::default();
    found.fill(&mut event);
    found.fill(&mut event);
    assert_eq!(event.attributes.iter().filter(|(name, _)| *name == "outcome").count(), 1);
}

#[test]
fn a_line_that_names_a_program_names_its_host_and_its_process() {
    for (body, expected) in [
        ("web1 proftpd[7] web1 (h.example[192.0.2.7]): USER bob (Login failed): x", ["web1", "proftpd", "7", "bob"]),
        ("sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", ["", "sshd", "7", "bob"]),
        ("INFO sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", ["", "sshd", "7", "bob"]),
    ] {
        let mut event = LogEvent::default();
        read_line(body).unwrap().fill(&mut event);
        assert_eq!([&*event.host, &event.app, &event.proc_id, &event.user_name], expected, "{body}");
    }
}

#[test]
fn servers_name_their_clients() {
    for (app, message, expected) in [
        (
            "perdition.imaps",
            "Auth: 192.0.2.7:2274->192.0.2.1:993 authentication_id=\"bob\" server=\"a:9\" status=\"failed: no\"",
            "bob 192.0.2.7 failure",
        ),
        ("perdition.pop3", "Fatal Error reading information from client 192.0.2.7:1->192.0.2.1:2: x", "- 192.0.2.7 -"),
        ("pure-ftpd", "(bob@192.0.2.7) [NOTICE] /home/bob/a uploaded (5 bytes)", "bob 192.0.2.7 -"),
        (
            "krb5kdc",
            "AS_REQ (2 etypes {18 17}) 192.0.2.7: PREAUTH_FAILED: bob@A.EXAMPLE for krbtgt/A.EXAMPLE@A.EXAMPLE, x",
            "bob@A.EXAMPLE 192.0.2.7 failure",
        ),
        (
            "krb5kdc",
            "TGS_REQ (2 etypes {18 17}) 192.0.2.7: ISSUE: authtime 17, etypes {rep=18 tkt=18}, bob@A.EXAMPLE for host/h@A.EXAMPLE",
            "bob@A.EXAMPLE 192.0.2.7 success",
        ),
        ("krb5kdc", "commencing operation", "- - -"),
        (
            "kadmind",
            "Request: kadm5_init, bob@A.EXAMPLE, success, client=bob@A.EXAMPLE, service=kadmin/h@A.EXAMPLE, addr=192.0.2.7, vers=4",
            "bob@A.EXAMPLE 192.0.2.7 success",
        ),
        ("sshguard", "Blocking \"192.0.2.7/32\" for 120 secs (3 attacks in 1 secs)", "- 192.0.2.7 failure"),
        (
            "plesk_saslauthd",
            "failed mail authentication attempt for user 'bob@a.example' (password len=9)",
            "bob@a.example - failure",
        ),
        ("dnsmasq", "query[AAAA] a.example from 192.0.2.7", "- 192.0.2.7 -"),
        ("dnsmasq", "7 192.0.2.7/5000 query[A] a.example from 192.0.2.7", "- 192.0.2.7 -"),
        ("dnsmasq", "7 192.0.2.7/5000 config a.example is 192.0.2.1", "- - -"),
        (
            "mosquitto",
            "1700000000: New client connected from 192.0.2.7:5000 as c1 (p2, c1, k60, u'bob').",
            "bob 192.0.2.7 success",
        ),
        ("userdel", "delete 'bob' from shadow group 'sudo'", "bob - -"),
        (
            "mysqld",
            "Aborted connection 8 to db: 'unconnected' user: 'unauthenticated' host: '192.0.2.7' (This connection closed normally)",
            "- 192.0.2.7 -",
        ),
        ("pgbouncer", "C-0x55d2a8: shop/bob@192.0.2.7:5000 login attempt: db=shop user=bob tls=no", "bob 192.0.2.7 -"),
        (
            "pgbouncer",
            "C-0x55d2a8: shop/bob@192.0.2.7:5000 pooler error: password authentication failed",
            "bob 192.0.2.7 failure",
        ),
        ("pgbouncer", "C-0x55d2a8: (nodb)/(nouser)@192.0.2.7:5000 closing because: x", "- 192.0.2.7 -"),
        ("dovecot", "imap(bob)<7><a/B>: Disconnected: Logged out in=24 out=787", "bob - -"),
        ("dovecot", "lmtp(4711): Connect from local", "- - -"),
        ("smbd_audit", "bob|192.0.2.7|open|ok|r|a.txt", "bob 192.0.2.7 -"),
        (
            "pkexec",
            "bob: The value for environment variable XAUTHORITY contains suspicious content [USER=root] [TTY=unknown] [CWD=/] [COMMAND=x]",
            "bob - failure",
        ),
        ("radiusd", "(7) Login OK: [bob] (from client nas1 port 3 cli 192.0.2.7)", "bob 192.0.2.7 success"),
        ("radiusd", "Login OK: [host/pc1/<via Auth-Type = EAP>] (from client nas1 port 3)", "host/pc1 - success"),
        (
            "radiusd",
            "(7) Login incorrect (pap: x): [bob/a/b] (from client nas1 port 3 cli 00-11-22-33-44-55)",
            "bob - failure",
        ),
        ("pure-ftpd", "(?@192.0.2.7) [INFO] New connection from 192.0.2.7", "- 192.0.2.7 -"),
        ("pure-ftpd", "(?@192.0.2.7) [WARNING] Anmeldung fehlgeschlagen für Benutzer [bob]", "bob 192.0.2.7 failure"),
        ("pure-ftpd", "(?@192.0.2.7) [WARNING] Can't login as [bob]: account disabled", "bob 192.0.2.7 failure"),
        (
            "dropbear",
            "Pubkey auth succeeded for 'bob' with ssh-ed25519 key SHA256:x from 192.0.2.7:4000",
            "bob 192.0.2.7 success",
        ),
        ("vpopmail", "vchkpw-smtp: password fail bob@a.example:192.0.2.7", "bob@a.example 192.0.2.7 failure"),
        (
            "saslauthd",
            "do_auth         : auth failure: [user=bob] [service=smtp] [realm=] [mech=pam] [reason=PAM auth error]",
            "bob - failure",
        ),
        ("rsyncd", "connect from web1 (192.0.2.7)", "- 192.0.2.7 -"),
        ("rsyncd", "rsync on a from eve@x (198.51.100.1)/b from bob@web1 (192.0.2.7)", "bob 192.0.2.7 success"),
        ("rsyncd", "rsync to docs/ from UNDETERMINED (192.0.2.7)", "- 192.0.2.7 -"),
        (
            "rsyncd",
            "auth failed on module docs from web1 (192.0.2.7) for bob: password mismatch",
            "bob 192.0.2.7 failure",
        ),
        ("rsyncd", "rsync denied on module docs from web1 (192.0.2.7)", "- 192.0.2.7 failure"),
        ("rsyncd", "send web1 [192.0.2.7] docs () a.txt 5", "- 192.0.2.7 -"),
        ("sm-mta", "STARTTLS=server, relay=h.example [192.0.2.7], version=TLSv1.2, verify=NO", "- 192.0.2.7 -"),
        ("sm-mta", "s1: timeout waiting for input from h.example [192.0.2.7] during server cmd read", "- 192.0.2.7 -"),
        ("nrpe", "Host 192.0.2.7 is not allowed to talk to us!", "- 192.0.2.7 failure"),
        ("ftpd", "ANONYMOUS FTP LOGIN FROM 192.0.2.7,  (anonymous)", "ANONYMOUS 192.0.2.7 success"),
        ("ftpd", "ANONYMOUS FTP LOGIN FROM a.example [192.0.2.7], bob@", "ANONYMOUS 192.0.2.7 success"),
        ("ftpd", "FTP LOGIN FROM a.example [192.0.2.7], bob", "bob 192.0.2.7 success"),
        ("ftpd", "repeated login failures from 192.0.2.7 (a.example)", "- 192.0.2.7 failure"),
        ("phpMyAdmin", "user denied: bob (mysql-denied) from 192.0.2.7", "bob 192.0.2.7 failure"),
        (
            "screensharingd",
            "Authentication: FAILED :: User Name: bob :: lee :: Viewer Address: 192.0.2.7 :: Type: DH",
            "bob :: lee 192.0.2.7 failure",
        ),
        (
            "a.example",
            "https://a.example|1700000000|user|192.0.2.7|https://a.example/user|x|0||Login attempt failed for bob.",
            "bob 192.0.2.7 failure",
        ),
        ("pluto", "\"vpn\"[5] 192.0.2.7 #7: XAUTH: User bob: Authentication Failed: no", "bob 192.0.2.7 failure"),
        ("pluto", "\"vpn\"[5] 192.0.2.7 #7: probable authentication failure (x): y", "- 192.0.2.7 failure"),
        ("openvpn", "TCP connection established with [AF_INET]192.0.2.7:5", "- 192.0.2.7 -"),
        ("nsd", "ratelimit block a.example. type any target 192.0.2.0/24 query 192.0.2.7 TYPE255", "- 192.0.2.7 -"),
        ("mosquitto", "New client connected from 192.0.2.7:5 as app1 (p2, c1, k60, u'bob').", "bob 192.0.2.7 success"),
        (
            "asterisk",
            "NOTICE[7]: chan_sip.c:9 handle_request_invite: Failed to authenticate device 1001<sip:1001@192.0.2.7>;tag=x",
            "1001 192.0.2.7 failure",
        ),
        ("postfix/smtpd", "warning: non-SMTP command from unknown[192.0.2.7]: GET / HTTP/1.1", "- 192.0.2.7 failure"),
        ("postfix/smtpd", "warning: hostname a.example does not resolve to address 192.0.2.7", "- 192.0.2.7 -"),
        ("postfix/smtpd", "SSL_accept error from unknown[192.0.2.7]: -1", "- 192.0.2.7 failure"),
        (
            "postfix/smtpd",
            "Anonymous TLS connection established from a.example[192.0.2.7]: TLSv1.3 with cipher x",
            "- 192.0.2.7 -",
        ),
        ("postfix/postscreen", "BLACKLISTED [192.0.2.7]:5000", "- 192.0.2.7 failure"),
        (
            "postfix/anvil",
            "statistics: max connection rate 1/60s for (smtp:192.0.2.7) at Nov 14 22:13:20",
            "- 192.0.2.7 -",
        ),
        (
            "roundcube",
            "IMAP Error: Login failed for bob from 192.0.2.9 from 192.0.2.7. AUTHENTICATE PLAIN: no, from 192.0.2.1 in /x",
            "bob from 192.0.2.9 192.0.2.7 failure",
        ),
        ("roundcube", "<x1> Successful login for bob (ID: 5) from 192.0.2.7 in session x1", "bob 192.0.2.7 success"),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn the_lines_of_servers_own_files_name_their_clients() {
    for (body, expected) in [
        (
            "IMAP Error: Login failed for bob from 192.0.2.9 from 192.0.2.7. no in /a.php",
            "bob from 192.0.2.9 192.0.2.7",
        ),
        ("<x1> Failed login for bob from 192.0.2.7 in session x1 (error: 0)", "bob 192.0.2.7"),
        ("FAILED login for bob from 192.0.2.7", "bob 192.0.2.7"),
        ("[LOGIN_ERROR] bob (a.example) from 192.0.2.7: Unknown user or password incorrect.", "bob 192.0.2.7"),
        ("IMAP: User bob@a.example doesn't exist. Attempt from IP address 192.0.2.7.", "bob@a.example 192.0.2.7"),
        ("'192.0.2.7' 2 failed login attempts. Account 'bob' via 'admin'", "bob 192.0.2.7"),
        ("'192.0.2.7' 5 failed login attempt. Invalid account 'bob%2Elee'", "bob%2Elee 192.0.2.7"),
        ("'192.0.2.7' successful login to 'bob' after 1 attempts", "bob 192.0.2.7"),
        ("[bob] failed to login from 192.0.2.7", "bob 192.0.2.7"),
        ("[bob] connected to ZNC from 192.0.2.7", "bob 192.0.2.7"),
        ("- AUTHERR - [192.0.2.7] Authentication error: /monitorix/", "- 192.0.2.7"),
        ("- OK - [192.0.2.7] \"GET /monitorix/ - agent\"", "- 192.0.2.7"),
        ("98.23% [WARNING] sofia_reg.c:9 Can't find user [101@192.0.2.1] from 192.0.2.7", "101@192.0.2.1 192.0.2.7"),
        (
            "SIP auth failure (INVITE) on sofia profile 'x' for [101@192.0.2.1] from ip 192.0.2.7",
            "101@192.0.2.1 192.0.2.7",
        ),
        ("New client connected from 192.0.2.7:5 as app1 (p2, c1, k60, u'bob').", "bob 192.0.2.7"),
        (
            "x_login authenticator failed for h.example ([192.0.2.9]) [192.0.2.7]:5: 535 no (set_id=bob)",
            "bob 192.0.2.7",
        ),
        ("TLS error on connection from h.example [192.0.2.7]:5 (SSL_accept): x", "- 192.0.2.7"),
        ("tcpserver: ok 12 mail:192.0.2.1:25 :192.0.2.7::4444", "- 192.0.2.7"),
        ("Bad Rcon: \"rcon 7 \"a\" from \"192.0.2.9:1\"\" from \"192.0.2.7:5\"", "- 192.0.2.7"),
        ("\"bob<2><STEAM_1:0:1><>\" connected, address \"192.0.2.7:27005\"", "bob 192.0.2.7"),
    ] {
        let mut event = LogEvent::default();
        read_line(body).unwrap_or_else(|| panic!("{body} is not known")).fill(&mut event);
        let user = if event.user_name.is_empty() { "-" } else { &event.user_name };
        let ip = event.ip.map(|ip| ip.to_string()).unwrap_or_default();
        assert_eq!(format!("{user} {ip}"), expected, "{body}");
    }
}
