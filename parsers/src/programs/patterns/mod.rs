//! The messages of each program, the more special before the more general; and which program has which.
//!
//! A new program is an arm of [`of`] with patterns of its own, or none: of a program that is named there, what the words of a
//! message say of a login is taken as well.

mod appliances;
mod databases;
mod lines;
mod mail;
mod network;
mod services;
mod system;

use super::template::Pattern;

pub(super) use lines::{ANY, MARKS, beginning_as};
pub(super) use system::PAM;

const FAILURE: &str = "failure";
const SUCCESS: &str = "success";
const NONE: &str = "";

/// The patterns of the program `name`; `None` for programs that say nothing of logins.
#[rustfmt::skip]
pub(super) fn of(name: &str) -> Option<&'static [Pattern]> {
    Some(match name {
        "internal-sftp" | "sftp-server" => system::SFTP,
        "sshd" | "sshd-session" | "sshd-auth" | "dropbear" => system::SSH,
        "su" => system::SU,
        "doas" => system::DOAS,
        "unix_chkpwd" | "unix2_chkpwd" => system::CHECKED_PASSWORD,
        "audit" => system::SOLARIS_AUDIT,
        "arpwatch" => network::ARPWATCH,
        "ntpd" => network::NTP,
        "ipmon" | "ipsec_logd" => network::PACKETS,
        "cron" | "CRON" | "crond" | "CROND" | "crontab" | "anacron" => system::CRON,
        "login" | "systemd-logind" | "systemd" | "gdm-password" | "gdm-password]" | "sddm" | "lightdm" => system::LOGIN,
        "polkitd" | "pkexec" => system::POLKIT,
        "fail2ban" | "fail2ban.actions" | "fail2ban.filter" | "fail2ban-server" => network::FAIL2BAN,
        "snmpd" => network::SNMP,
        "dhcpd" | "dhclient" | "dnsmasq-dhcp" | "kea-dhcp4" | "kea-dhcp6" => network::DHCP,
        "useradd" | "userdel" | "usermod" | "groupadd" | "groupdel" | "groupmod" | "passwd" | "chpasswd" | "chage"
        | "gpasswd" | "chsh" | "chfn" => system::ACCOUNTS,
        "smtpd" | "smtps" | "submission" | "postscreen" => mail::POSTFIX,
        "courieresmtpd" | "courieresmtpds" | "esmtpd" | "courierpop3login" | "pop3login" | "imaplogin" => mail::COURIER,
        "sendmail" | "sm-mta" | "sm-msp" | "sm-acceptingconnections" => mail::SENDMAIL,
        "imap" | "imaps" | "pop3" | "pop3s" | "lmtpunix" | "sieve" | "timsieved" | "imapd" | "ipop3d" | "pop3d" | "imapd-ssl"
        | "pop3d-ssl" | "solid-pop3d" => mail::MAILBOXES,
        "qmail" | "rblsmtpd" | "qmail-smtpd" | "vpopmail" => mail::QMAIL,
        "exim" | "exim4" => mail::EXIM,
        "saslauthd" | "plesk_saslauthd" => mail::SASLAUTHD,
        "perdition" => mail::PERDITION,
        "roundcube" => mail::ROUNDCUBE,
        "pgbouncer" => databases::PGBOUNCER,
        "mongod" | "mongos" => databases::MONGODB,
        "drupal" => services::DRUPAL,
        "minecraft" => services::GAMES,
        "mosquitto" => services::MQTT,
        "phpMyAdmin" => services::PHPMYADMIN,
        "screensharingd" => services::SCREEN_SHARING,
        "sogod" | "HORDE" | "squirrelmail" | "zimbra" | "kopano-server" | "dovecot-auth" => services::NONE_OF_ITS_OWN,
        "axigen" => mail::AXIGEN,
        "amavis" | "amavisd" | "amavisd-new" => mail::AMAVIS,
        "vsftpd" | "proftpd" | "pure-ftpd" | "wu-ftpd" | "ftpd" | "in.ftpd" => services::FTP,
        "rsyncd" => services::RSYNC,
        "openvpn" => network::OPENVPN,
        "charon" | "charon-systemd" | "ipsec" | "pluto" | "strongswan" => network::IPSEC,
        "kernel" => network::KERNEL,
        "dnsmasq" => network::DNSMASQ,
        "named" | "nsd" | "pdns_recursor" => network::NAMED,
        "danted" | "sockd" => network::DANTE,
        "routeros" => network::ROUTEROS,
        "Hostd" | "hostd" | "vpxd" | "Vpxa" | "vpxa" => services::VMWARE,
        "Connection" | "WinFileService" => services::SYNOLOGY,
        "cisco-ios" => network::CISCO_IOS,
        "meraki" => network::MERAKI,
        "watchguard" => network::WATCHGUARD,
        "NF" | "WF" => appliances::BARRACUDA,
        "TR" => appliances::BARRACUDA_REQUESTS,
        "AUDIT" => appliances::BARRACUDA_AUDIT,
        "mgd" => appliances::JUNOS_MANAGEMENT,
        "ssldata" => appliances::SSL_VISIBILITY,
        "#ILO" | "#ILO4" | "#ILO5" | "#ILO6" => appliances::ILO,
        "nios" => appliances::NIOS,
        "mysql-server_auditing" => appliances::MARIADB_AUDIT,
        "connect-secure" => appliances::CONNECT_SECURE,
        "Oracle" => appliances::ORACLE,
        "big-ip" => network::BIG_IP,
        "junos-filter" | "kmd" | "RT_IDS" => network::JUNOS,
        "scanlogd" | "portsentry" | "xinetd" | "inetd" | "stunnel" | "endlessh" | "nrpe" => network::PROBES,
        "asterisk" | "freeswitch" | "kamailio" => services::TELEPHONY,
        "teamspeak" | "ts3" => services::TEAMSPEAK,
        "jellyfin" => services::JELLYFIN,
        "wwsympa" => services::SYMPA,
        "nextcloud" | "owncloud" => services::NEXTCLOUD,
        "LLNG" | "lemonldap-ng" | "llng-server" | "llng-fastcgi-server" => services::LEMONLDAP,
        "pvedaemon" | "pveproxy" | "pmgdaemon" | "pvestatd" => services::PROXMOX,
        "suhosin" | "php-fpm" | "apache2" | "httpd" | "lighttpd" => services::WEB,
        "monit" => services::MONIT,
        "samba" | "smb" | "smbd" | "nmbd" | "winbindd" => services::SAMBA,
        "smbd_audit" => services::SAMBA_AUDIT,
        "webmin" | "usermin" | "miniserv" => services::WEBMIN,
        "xrdp-sesman" | "xrdp" => services::XRDP,
        "postgres" => databases::POSTGRESQL,
        "mysqld" | "mariadbd" => databases::MYSQL,
        "radiusd" | "freeradius" => system::RADIUS,
        "krb5kdc" | "kadmind" => system::KERBEROS,
        "sshguard" => network::SSHGUARD,
        "opnsense" => system::OPNSENSE,
        "slapd" | "murmurd"
        | "ejabberd" | "prosody" | "gitea" | "forgejo" | "gogs" | "grafana" | "vaultwarden" | "bitwarden_rs"
        | "Radarr" | "Sonarr" | "Prowlarr" | "Lidarr" | "Readarr" | "hass" | "home-assistant" | "zoneminder" | "froxlor"
        | "Froxlor" | "lfd" | "cockpit-ws" | "vmtoolsd" | "atd" | "cimserver" | "telnetd" | "in.telnetd" | "rshd" | "in.rshd" | "rlogind" | "in.rlogind"
        | "snort" | "suricata" | "barnyard2" | "softethervpn" | "znc" | "tine20" | "wordpress" | "counter-strike" => services::NONE_OF_ITS_OWN,
        _ => return None,
    })
}
