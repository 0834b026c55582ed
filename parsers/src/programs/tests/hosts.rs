//! The messages of a machine's own daemons and tools.

use super::*;

#[test]
fn sshd_names_a_peer_that_is_gone_and_a_subsystem_its_user() {
    for (message, expected) in [
        ("Read error from remote host 192.0.2.7: Connection reset by peer", "- 192.0.2.7 -"),
        ("Read error from remote host 192.0.2.7 port 4000: Connection timed out", "- 192.0.2.7 -"),
        ("fatal: Unable to negotiate with 192.0.2.7: no matching cipher found.", "- 192.0.2.7 failure"),
        ("Timeout before authentication for connection from 192.0.2.7 to 192.0.2.1, pid = 7", "- 192.0.2.7 -"),
        ("fatal: Timeout before authentication for 192.0.2.7 port 4000", "- 192.0.2.7 -"),
        ("subsystem request for sftp by user bob", "bob - -"),
        ("subsystem request for scp by user bob failed, subsystem not found", "bob - failure"),
        ("[ID 7 auth.info] User bob, coming from 192.0.2.7, authenticated.", "bob 192.0.2.7 success"),
    ] {
        check("sshd", message, expected);
    }
}

#[test]
fn sftp_and_junos_name_who_has_a_session() {
    for (app, message, expected) in [
        ("internal-sftp", "session opened for local user bob from [192.0.2.7]", "bob 192.0.2.7 -"),
        ("sftp-server", "session closed for local user bob from [2001:db8::7]", "bob 2001:db8::7 -"),
        ("mgd", "UI_CMDLINE_READ_LINE: User 'bob', command 'show version '", "bob - -"),
        ("mgd", "UI_CMDLINE_READ_LINE: User 'bob' command 'show version '", "bob - -"),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn an_address_that_a_server_could_not_bind_is_no_clients() {
    for message in
        ["Bind to port 22 on 192.0.2.1 failed: Address already in use.", "bind on 192.0.2.1 failed, skipping"]
    {
        let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
        logins::complete(&mut event);
        assert_eq!(event.ip, None, "{message}");
    }
}

#[test]
fn su_and_doas_name_who_asked() {
    for (app, message, expected) in [
        ("sudo", "bob : HOST=web1 ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "bob - success"),
        ("sudo", "bob : (command continued) a ; b", "bob - -"),
        ("su", "bob to root on /dev/ttyp1", "bob - success"),
        ("su", "failed: ttyq4 changing from bob to root", "bob - failure"),
        ("su", "- pts/5 ab-bob-root", "ab-bob - failure"),
        ("su", "+ pts/5 bob-root", "bob - success"),
        ("su", "+ pts/5 bob:root", "bob - success"),
        ("su", "(to root) bob on pts/0", "bob - success"),
        ("su", "BAD SU from bob to root at /dev/pts/1", "bob - failure"),
        ("su", "from bob to root at /dev/pts/1", "bob - success"),
        ("login", "[ID 7 auth.notice] Login failure on /dev/pts/3 from 192.0.2.7, bob", "bob 192.0.2.7 failure"),
        ("login", "2 LOGIN FAILURES FROM 192.0.2.7, bob", "bob 192.0.2.7 failure"),
        ("login", "1 LOGIN FAILURE ON ttyv0, bob", "bob - failure"),
        ("login", "ROOT LOGIN (root) ON ttyv0", "root - success"),
        ("login", "ROOT LOGIN ON tty2", "ROOT - success"),
        ("-- root", "ROOT LOGIN ON tty2", "ROOT - success"),
        ("login", "ROOT LOGIN ON ttyp1 FROM 192.0.2.7", "ROOT 192.0.2.7 success"),
        ("systemd", "Started session-12.scope - Session 12 of User bob.", "bob - success"),
        ("doas", "bob ran command rcctl restart sshd as root from /home/bob", "bob - success"),
        ("doas", "bob ran command as root: id", "bob - success"),
        ("doas", "command not permitted for bob: rm a", "bob - failure"),
        ("doas", "failed auth for bob", "bob - failure"),
    ] {
        check(app, message, expected);
    }
    let event = read("doas", b"bob ran command id -u as root from /", &CX).unwrap();
    assert_eq!((event.attributes.get("COMMAND"), event.attributes.get("USER")), (Some("id -u"), Some("root")));
}

#[test]
fn pams_modules_speak_in_sentences_too() {
    for (app, message, expected) in [
        ("sshd", "pam_succeed_if(sshd:auth): error retrieving information about user eve", "eve - failure"),
        ("sshd", "pam_succeed_if(sshd:auth): requirement \"uid >= 1000\" not met by user \"bob\"", "bob - failure"),
        (
            "sshd",
            "pam_ldap: error trying to bind as user \"uid=bob,ou=People,dc=example\" (Invalid credentials)",
            "bob - failure",
        ),
        ("sshd", "pam_sss(sshd:auth): received for user bob: 7 (Authentication failure)", "bob - failure"),
        (
            "sshd",
            "pam_sss(sshd:auth): authentication success; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7 user=bob",
            "bob 192.0.2.7 success",
        ),
        ("sshd", "fatal: Access denied for user bob by PAM account configuration [preauth]", "bob - failure"),
        ("sshd", "pam_unix(sshd:account): account bob has expired (account expired)", "bob - failure"),
        ("sshd", "pam_unix(sshd:account): expired password for user bob (password aged)", "bob - -"),
        ("sshd", "pam_unix(sshd:account): could not identify user (from getpwnam(bob))", "bob - failure"),
        ("sshd", "pam_unix(sshd:auth): bad username [bob]", "bob - failure"),
        ("sshd(pam_google_authenticator)", "Invalid verification code for bob", "bob - failure"),
        ("sshd(pam_google_authenticator)", "Accepted google_authenticator for bob", "bob - success"),
        ("sshd", "pam_sss(sshd:account): Access denied for user bob: 6 (Permission denied)", "bob - failure"),
        ("sshd", "pam_access(sshd:account): access denied for user `bob' from `192.0.2.7'", "bob 192.0.2.7 failure"),
        ("sshd", "pam_winbind(sshd:auth): user 'bob' granted access", "bob - success"),
        (
            "sshd",
            "pam_krb5(sshd:auth): authentication failure; logname=bob uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7",
            "bob 192.0.2.7 failure",
        ),
        ("vsftpd", "pam_listfile(vsftpd:auth): Refused user bob for service vsftpd", "bob - failure"),
        ("unix_chkpwd", "password check failed for user (bob)", "bob - failure"),
    ] {
        check(app, message, expected);
    }
}

#[test]
fn changed_accounts_are_named() {
    for (message, user, group) in [
        ("user removed: name=bob", "bob", None),
        ("new user added: name=bob, uid=1001, gid=1001, home=/home/bob, shell=/bin/ksh", "bob", None),
        ("group deleted: name=staff", "", Some("staff")),
        ("new group added: name=staff, gid=1001", "", Some("staff")),
        ("change user 'bob' shell from '/bin/sh' to '/bin/ksh'", "bob", None),
        ("removed shadow group 'staff' owned by 'bob'", "bob", Some("staff")),
    ] {
        let event = read("userdel", message.as_bytes(), &CX).unwrap_or_default();
        assert_eq!((&*event.user_name, event.attributes.get("group")), (user, group), "{message}");
    }
}

#[test]
fn daemons_of_the_network_name_the_other_side() {
    for (app, message, expected) in [
        ("arpwatch", "new station 192.0.2.7 0:11:43:5e:5d:80 eth0", "- 192.0.2.7 -"),
        ("arpwatch", "flip flop 192.0.2.7 0:11:43:5e:5d:80 (0:11:43:5e:5d:81) eth0", "- 192.0.2.7 -"),
        ("arpwatch", "bogon 192.0.2.7 0:11:43:5e:5d:80", "- 192.0.2.7 -"),
        ("ntpd", "bad peer from pool pool.example (192.0.2.7)", "- 192.0.2.7 -"),
        (
            "ipmon",
            "[ID 7 local0.warning] 09:30:39.300795 3x ce0 @0:1 b 192.0.2.7,43873 -> 198.51.100.2,22 PR tcp len 20 100 -AP IN",
            "- 192.0.2.7 -",
        ),
        (
            "ipsec_logd",
            "#:3 R:p  I:198.51.100.2 S:192.0.2.7 D:198.51.100.2 P:tcp/ack SP:50349 DP:22 R:l I:en0 F:n T:0 L:88",
            "- 192.0.2.7 -",
        ),
        (
            "audit",
            "[ID 7 audit.notice] login - telnet failed session 27 by root as bob:staff from 192.0.2.7",
            "bob 192.0.2.7 failure",
        ),
        (
            "audit",
            "[ID 7 audit.notice] login - ssh ok session 27 by 500 as bob:staff from 192.0.2.7 obj x",
            "bob 192.0.2.7 success",
        ),
        ("snmpd", "Connection from UDP: [192.0.2.7]:4000->[192.0.2.1]:161", "- 192.0.2.7 -"),
        ("dhclient", "DHCPACK of 192.0.2.7 from 192.0.2.1", "- 192.0.2.7 -"),
        ("login", "FAILED LOGIN (1) on '/dev/tty1' FOR 'UNKNOWN', Authentication failure", "- - failure"),
        ("ftpd", "login bob from 192.0.2.7 failed.", "bob 192.0.2.7 failure"),
        (
            "vpopmail",
            "vchkpw-pop3: password fail (pass: 'x y') bob@example.com:192.0.2.7",
            "bob@example.com 192.0.2.7 failure",
        ),
        (
            "vpopmail",
            "vchkpw-smtp: (PLAIN) login success bob@example.com:192.0.2.7",
            "bob@example.com 192.0.2.7 success",
        ),
        (
            "roundcube",
            "[14-Nov-2023 22:13:20 +0000] IMAP Error: Authentication for bob failed (LOGIN): \"a1 NO\" (POST /)",
            "bob - failure",
        ),
        ("cisco-ios", "(exec timer expired, tty 1 (192.0.2.7)), user bob", "bob 192.0.2.7 -"),
        (
            "cisco-ios",
            "decaps: rec'd IPSEC packet has invalid spi for destaddr=198.51.100.2, prot=50, spi=0x7(1), srcaddr=192.0.2.7",
            "- 192.0.2.7 failure",
        ),
        ("cisco-ios", "Sig:3051 Subsig:1 Sev:4 TCP Window [192.0.2.7:51654 -> 198.51.100.2:4444]", "- 192.0.2.7 -"),
    ] {
        check(app, message, expected);
    }
    let event = read("named", b"client 192.0.2.7#4053: query (cache) 'a.example/MX/IN' denied", &CX).unwrap();
    assert_eq!(event.attributes.get("port"), Some("4053"));
    let event =
        read("ipmon", b"22:13:20.1 hme0 @0:1 b 192.0.2.7,138 -> 198.51.100.2,139 PR udp len 20 229 IN", &CX).unwrap();
    assert_eq!((event.attributes.get("dst_ip"), event.attributes.get("dst_port")), (Some("198.51.100.2"), Some("139")));
}
