//! What is peculiar to the audit records of clouds, which the names of their fields alone do not say.
//!
//! | whose record | known by | what is completed |
//! |---|---|---|
//! | CloudTrail | `eventSource` beside `eventName` | the level: WARN of a request that failed, else INFO; the account's root user; a user that the request is about is not the one who asks |
//! | GuardDuty | `service.detectorId` | the level by its severity, 1 to 10; the remote address |
//! | Azure | a `Level` beside `operationName` and `category` | the level, whose numbers are Windows' |
//! | Azure's activity | `eventTimestamp`, `callerIpAddress` | the caller, by the name of the account rather than the person's |
//! | who has done something to a `user` (GitHub) | `actor` and `action` | the actor is the user |
//! | a client with an address and an e-mail address alone (Zoom, Cloudflare) | `email` | it is the user's |

use super::record::Record;
use crate::fields::Slot;
use crate::{Level, winevent};

/// The account's name among Azure's claims.
const ACCOUNTS: [&str; 3] = [
    "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "identity.claim.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "identity.claim.upn",
];

impl Record<'_, '_> {
    /// Completes a record of a cloud by what it is.
    pub(super) fn complete_cloud(&mut self) {
        if self.is_named(Slot::App, "eventSource") && self.is_named(Slot::MsgId, "eventName") {
            self.complete_cloudtrail();
        } else if self.event.attributes.get("service.detectorId").is_some() {
            self.complete_guardduty();
        } else {
            self.number_level_as_azure();
            if let Some(user) = self.user_of_cloud().map(str::to_owned) {
                self.put(Slot::UserName, user);
            }
        }
    }

    fn is_named(&self, slot: Slot, name: &str) -> bool {
        self.winner(slot).is_some_and(|winner| winner.name == name)
    }

    fn complete_cloudtrail(&mut self) {
        let attributes = &self.event.attributes;
        let has = |name: &str| attributes.get(name).is_some();
        let is_login_refused = attributes.get("responseElements.ConsoleLogin") == Some("Failure");
        let has_failed = has("errorCode") || has("errorMessage") || is_login_refused;
        let is_root = attributes.get("userIdentity.type") == Some("Root");
        if self.event.level == Level::Unknown {
            self.event.level = if has_failed { Level::Warn } else { Level::Info };
        }
        // Of one that asks without a name the request may name another.
        if self.winner(Slot::UserName).is_some_and(|user| !user.name.starts_with("userIdentity.")) {
            let is_asked_for =
                |name: &str| name.starts_with("requestParameters.") || name.starts_with("responseElements.");
            if self.winner(Slot::UserName).is_some_and(|user| is_asked_for(&user.name)) {
                self.demote(Slot::UserName);
            }
        }
        if is_root && self.winner(Slot::UserName).is_none() {
            self.put(Slot::UserName, "root".to_owned());
        }
    }

    fn complete_guardduty(&mut self) {
        let stated = self.winner(Slot::Level).map(|level| &*level.value);
        let severity =
            stated.or_else(|| self.event.attributes.get("severity")).and_then(|text| text.parse::<f32>().ok());
        if let Some(severity) = severity {
            self.event.severity = None;
            self.event.level = match severity {
                ..4.0 => Level::Info,
                ..7.0 => Level::Warn,
                _ => Level::Error,
            };
        }
        let remote =
            |(name, value): (&str, &str)| name.ends_with("emoteIpDetails.ipAddressV4").then(|| value.parse().ok())?;
        if self.winner(Slot::Ip).is_none() {
            self.event.ip = self.event.attributes.iter().find_map(remote);
        }
    }

    /// Takes the level for one of Azure's: 1 critical, 2 error, 3 warning, 4 informational, 5 verbose.
    fn number_level_as_azure(&mut self) {
        let number = match self.winner(Slot::Level) {
            Some(winner) if winner.name.eq_ignore_ascii_case("level") => &*winner.value,
            _ => return,
        };
        let [b'1'..=b'5'] = number.as_bytes() else { return };
        let has = |name: &str| self.event.attributes.get(name).is_some();
        if has("operationName") && has("category") {
            self.event.level = winevent::level_of(number, "");
            self.event.severity = None;
        }
    }

    /// The user that the record names in a place of its own.
    fn user_of_cloud(&self) -> Option<&str> {
        let attributes = &self.event.attributes;
        let account = || ACCOUNTS.iter().find_map(|name| attributes.get(name));
        let Some(user) = self.winner(Slot::UserName) else {
            let address = self.winner(Slot::Ip)?;
            if self.is_named(Slot::Timestamp, "eventTimestamp") {
                return attributes.get("caller").filter(|caller| !caller.is_empty());
            }
            if address.name == "callerIpAddress" {
                return account();
            }
            let email = ["email", "Email"].into_iter().find_map(|name| attributes.get(name));
            return email.filter(|email| email.contains('@'));
        };
        match &*user.name {
            "identity.claims.name" => account(),
            "user" => attributes.get("actor").filter(|actor| !actor.is_empty() && attributes.get("action").is_some()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Zone};

    /// `LEVEL user ip` of a line.
    fn check(line: &str, expected: &str) {
        let event = parse(Format::Auto, line.as_bytes(), &Context { received_at: 0, zone: Zone::UTC });
        let ip = event.ip.map(|ip| ip.to_string()).unwrap_or_default();
        assert_eq!(format!("{} {} {ip}", event.level, event.user_name), expected, "{line}");
    }

    #[test]
    fn a_request_to_aws_that_failed_is_a_warning_and_its_asker_is_the_user() {
        let record = |identity: &str, more: &str| {
            format!(
                r#"{{"eventVersion":"1.08","userIdentity":{{{identity}}},"eventTime":"2023-11-14T22:13:20Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","sourceIPAddress":"192.0.2.7"{more}}}"#
            )
        };
        let named = r#""type":"IAMUser","userName":"bob""#;
        let asked = r#","requestParameters":{"userName":"ada"},"responseElements":{"user":{"userName":"ada"}}"#;
        check(&record(named, asked), "INFO bob 192.0.2.7");
        check(&record(named, r#","errorCode":"AccessDenied""#), "WARN bob 192.0.2.7");
        check(&record(named, r#","responseElements":{"ConsoleLogin":"Failure"}"#), "WARN bob 192.0.2.7");
        check(&record(r#""type":"Root","accountId":"1""#, asked), "INFO root 192.0.2.7");
        check(&record(r#""type":"AWSAccount","accountId":"1""#, asked), "INFO  192.0.2.7");
        check(&record(r#""type":"IAMUser","userName":"HIDDEN_DUE_TO_SECURITY_REASONS""#, ""), "INFO  192.0.2.7");
    }

    #[test]
    fn the_severity_of_a_finding_goes_up_to_ten() {
        let finding = |severity: &str| {
            format!(
                r#"{{"service":{{"detectorId":"d","action":{{"portProbeAction":{{"remoteIpDetails":{{"ipAddressV4":"192.0.2.7"}}}}}}}},"severity":{severity},"createdAt":"2023-11-14T22:13:20Z","title":"t"}}"#
            )
        };
        check(&finding("2"), "INFO  192.0.2.7");
        check(&finding("5.3"), "WARN  192.0.2.7");
        check(&finding("8"), "ERROR  192.0.2.7");
    }

    #[test]
    fn azures_numbers_of_levels_are_windows_and_its_users_are_accounts() {
        let record = |level: &str, more: &str| {
            format!(
                r#"{{"time":"2023-11-14T22:13:20Z","operationName":"Add user","category":"AuditLogs","Level":{level},"callerIpAddress":"192.0.2.7"{more}}}"#
            )
        };
        let upn = r#","identity":{"claims":{"name":"Bob B","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"bob@example.com"}}"#;
        check(&record("4", upn), "INFO bob@example.com 192.0.2.7");
        check(&record("2", ""), "ERROR  192.0.2.7");
        let by = r#","properties":{"initiatedBy":{"user":{"userPrincipalName":"bob@example.com"}},"targetResources":[{"userPrincipalName":"ada@example.com"}]}"#;
        check(&record("4", by), "INFO bob@example.com 192.0.2.7");
        check(
            r#"{"caller":"bob@example.com","eventTimestamp":"2023-11-14T22:13:20Z","httpRequest":{"clientIpAddress":"192.0.2.7"},"level":"Warning"}"#,
            "WARN bob@example.com 192.0.2.7",
        );
        // Loggers write a place in the source so.
        check(
            r#"{"level":"info","ts":1700000000,"caller":"main.go:7","remote_addr":"192.0.2.7","msg":"x"}"#,
            "INFO  192.0.2.7",
        );
    }

    #[test]
    fn who_acts_is_the_user_and_not_whom_it_is_done_to() {
        check(
            r#"{"action":"org.add_member","actor":"bob","user":"ada","actor_ip":"192.0.2.7"}"#,
            "UNKNOWN bob 192.0.2.7",
        );
        check(
            r#"{"time":"2023-11-14T22:13:20Z","email":"bob@example.com","ip_address":"192.0.2.7"}"#,
            "UNKNOWN bob@example.com 192.0.2.7",
        );
        check(r#"{"time":"2023-11-14T22:13:20Z","email":"bob@example.com","msg":"mail sent"}"#, "UNKNOWN  ");
        for (line, expected) in [
            (
                r#"{"id":{"time":"2023-11-14T22:13:20Z"},"actor":{"email":"bob@example.com"},"ipAddress":"192.0.2.7"}"#,
                "bob@example.com",
            ),
            (
                r#"{"date_create":1700000000,"actor":{"user":{"name":"Bob","email":"bob@example.com"}},"entity":{"user":{"email":"ada@example.com"}},"context":{"ip_address":"192.0.2.7"}}"#,
                "bob@example.com",
            ),
            (
                r#"{"access_device":{"ip":"192.0.2.7"},"auth_device":{"ip":"198.51.100.1"},"user":{"name":"bob"}}"#,
                "bob",
            ),
            (
                r#"{"timestamp":"2023-11-14T22:13:20Z","target_user":{"email":"bob@example.com"},"client":{"ip_address":"192.0.2.7"}}"#,
                "bob@example.com",
            ),
            (
                r#"{"createdDateTime":"2023-11-14T22:13:20Z","userId":"7-8","userPrincipalName":"bob@example.com","ipAddress":"192.0.2.7"}"#,
                "bob@example.com",
            ),
        ] {
            check(line, &format!("UNKNOWN {expected} 192.0.2.7"));
        }
    }
}
