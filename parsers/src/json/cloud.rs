//! What is peculiar to the audit records of clouds, which the names of their fields alone do not say.
//!
//! | whose record | known by | what is completed |
//! |---|---|---|
//! | CloudTrail | `eventSource` beside `eventName` | the level: WARN of a request that failed, else INFO; the account's root user; a user that the request is about is not the one who asks |
//! | GuardDuty | `service.detectorId` | the level by its severity, 1 to 10; the remote address |
//! | either, carried by Amazon's bus of events | `detail-type` | the same, below `detail` |
//! | Amazon's flow logs | `interface-id` | the time, their `start` |
//! | Azure | a `Level` beside `operationName` and `category` | the level, whose numbers are Windows' |
//! | Azure's activity | `eventTimestamp`, `callerIpAddress` | the caller, by the name of the account rather than the person's |
//! | Azure's table of syslog | `SyslogMessage` | the program |
//! | Atlassian's organisations | `type` `events` | the time, who acted, and from where |
//! | Jira's and Confluence's audit | `author` | the address, their `source` |
//! | who has done something to a `user` (GitHub) | `actor` and `action` | the actor is the user |
//! | a client with an address and an e-mail address alone (Zoom, Cloudflare) | `email` | it is the user's |

use super::record::Record;
use crate::fields::Slot;
use crate::{Level, address, timestamp, winevent};

/// The account's name among Azure's claims.
const ACCOUNTS: [&str; 4] = [
    "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "identity.claim.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "identity.claim.upn",
    "identity.requester.upn",
];

impl Record<'_, '_> {
    /// Completes a record of a cloud by what it is.
    pub(super) fn complete_cloud(&mut self) {
        if self.is_named(Slot::App, "eventSource") && self.is_named(Slot::MsgId, "eventName") {
            self.complete_cloudtrail();
        } else if self.detail("service.detectorId").is_some() {
            self.complete_guardduty();
        } else {
            self.complete_named_otherwise();
            self.number_level_as_azure();
            if let Some(user) = self.user_of_cloud().map(str::to_owned) {
                self.put(Slot::UserName, user);
            }
        }
    }

    fn is_named(&self, slot: Slot, name: &str) -> bool {
        self.winner(slot).is_some_and(|winner| carried(&winner.name) == name)
    }

    /// The attribute `name` of the record, or of the event that Amazon's bus carries.
    fn detail(&self, name: &str) -> Option<&str> {
        self.event.attributes.iter().find(|(path, _)| carried(path) == name).map(|(_, value)| value)
    }

    /// Fills what some records have under names that are others' elsewhere.
    fn complete_named_otherwise(&mut self) {
        // The account of a storage is nobody's.
        if self.is_named(Slot::UserName, "properties.accountName") {
            self.demote(Slot::UserName);
        }
        let attributes = &self.event.attributes;
        let of = |name: &str| attributes.get(name);
        if self.winner(Slot::Timestamp).is_none() {
            let is_flow = of("interface-id").or_else(|| of("interface_id")).is_some();
            let is_atlassians = of("type") == Some("events") && of("action").is_some();
            let start = of("start").filter(|_| is_flow).or_else(|| of("time").filter(|_| is_atlassians));
            let at = start.and_then(|text| timestamp::parse(text, crate::Zone::UTC));
            let actor = of("actor.email").filter(|_| is_atlassians && self.winner(Slot::UserName).is_none());
            let actor = actor.map(str::to_owned);
            let ip = of("location.ip").filter(|_| is_atlassians).and_then(address::parse).map(|found| found.ip);
            self.event.timestamp = self.event.timestamp.or(at);
            self.event.ip = self.event.ip.or(ip);
            if let Some(actor) = actor {
                self.put(Slot::UserName, actor);
            }
        } else if self.is_named(Slot::UserName, "author.name") {
            let ip = of("source").and_then(address::parse).map(|found| found.ip);
            self.event.ip = self.event.ip.or(ip);
        } else if self.is_named(Slot::Message, "SyslogMessage")
            && self.winner(Slot::App).is_none()
            && let Some(program) = of("ProcessName").map(str::to_owned)
        {
            self.put(Slot::App, program);
        }
    }

    fn complete_cloudtrail(&mut self) {
        let has = |name: &str| self.detail(name).is_some();
        let is_login_refused = self.detail("responseElements.ConsoleLogin") == Some("Failure");
        let has_failed = has("errorCode") || has("errorMessage") || is_login_refused;
        let is_root = self.detail("userIdentity.type") == Some("Root");
        if self.event.level == Level::Unknown {
            self.event.level = if has_failed { Level::Warn } else { Level::Info };
        }
        // Of one that asks without a name the request may name another.
        if self.winner(Slot::UserName).is_some_and(|user| !carried(&user.name).starts_with("userIdentity.")) {
            let is_asked_for =
                |name: &str| name.starts_with("requestParameters.") || name.starts_with("responseElements.");
            if self.winner(Slot::UserName).is_some_and(|user| is_asked_for(carried(&user.name))) {
                self.demote(Slot::UserName);
            }
        }
        if is_root && self.winner(Slot::UserName).is_none() {
            self.put(Slot::UserName, "root".to_owned());
        }
    }

    fn complete_guardduty(&mut self) {
        let stated = self.winner(Slot::Level).map(|level| &*level.value);
        let severity = stated.or_else(|| self.detail("severity")).and_then(|text| text.parse::<f32>().ok());
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

/// The path of a leaf within the event that Amazon's bus carries.
fn carried(path: &str) -> &str {
    path.strip_prefix("detail.").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

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
    fn an_event_that_amazons_bus_carries_is_read_as_if_it_stood_alone() {
        check(
            r#"{"version":"0","detail-type":"AWS Console Sign In via CloudTrail","source":"aws.signin","time":"2023-11-14T22:13:20Z","detail":{"userIdentity":{"type":"IAMUser","userName":"bob"},"eventTime":"2023-11-14T22:13:20Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","sourceIPAddress":"192.0.2.7","errorMessage":"no"}}"#,
            "WARN bob 192.0.2.7",
        );
        check(
            r#"{"version":"0","detail-type":"GuardDuty Finding","time":"2023-11-14T22:13:20Z","detail":{"service":{"detectorId":"d","action":{"networkConnectionAction":{"remoteIpDetails":{"ipAddressV4":"192.0.2.7"}}}},"severity":8,"title":"t"}}"#,
            "ERROR  192.0.2.7",
        );
        // Without its kind, a detail is anything's.
        check(r#"{"time":"2023-11-14T22:13:20Z","detail":{"user":"bob","severity":8}}"#, "UNKNOWN  ");
    }

    #[test]
    fn audits_of_atlassians_name_who_acted_from_where() {
        let admins = r#"{"id":"a","type":"events","attributes":{"time":"2023-11-14T22:13:20Z","action":"user_login","actor":{"email":"bob@example.com"},"location":{"ip":"192.0.2.7"}},"message":{"content":"Bob logged in"}}"#;
        check(admins, "UNKNOWN bob@example.com 192.0.2.7");
        let event = parse(Format::Auto, admins.as_bytes(), &Context { received_at: 0, zone: Zone::UTC });
        assert_eq!((event.timestamp, &*event.message), (Some(1_700_000_000_000_000), &b"Bob logged in"[..]));
        check(
            r#"{"timestamp":"2023-11-14T22:13:20Z","author":{"name":"bob","type":"user"},"type":{"action":"x"},"source":"192.0.2.7"}"#,
            "UNKNOWN bob 192.0.2.7",
        );
    }

    #[test]
    fn the_tables_of_azure_and_amazons_flows_fill_their_fields() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        let line = br#"{"TimeGenerated [UTC]":"11/14/2023, 10:13:20.123 PM","Computer":"vm1","SyslogMessage":"text","SeverityLevel":"warning","ProcessName":"cart"}"#;
        let event = parse(Format::Auto, line, &cx);
        assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_123_000), Level::Warn));
        assert_eq!((&*event.host, &*event.app, &*event.message), ("vm1", "cart", &b"text"[..]));
        check(r#"{"timestamp":"2023-11-14T22:13:20Z","message":"x","severityLevel":1}"#, "INFO  ");
        let line =
            br#"{"version":"2","interface-id":"eni-7","srcaddr":"192.0.2.7","start":"1700000000","end":"1700000060"}"#;
        let event = parse(Format::Auto, line, &cx);
        assert_eq!((event.timestamp, event.ip), (Some(1_700_000_000_000_000), "192.0.2.7".parse().ok()));
    }

    #[test]
    fn the_services_of_azure_and_google_name_who_asked_and_how_it_ended() {
        let azures = |properties: &str| {
            format!(r#"{{"time":"2023-11-14T22:13:20Z","category":"x","properties":{{{properties}}}}}"#)
        };
        check(
            &azures(r#""CsMethod":"GET","ScStatus":500,"CIp":"192.0.2.7","CsUsername":"bob""#),
            "ERROR bob 192.0.2.7",
        );
        check(&azures(r#""httpMethod":"GET","httpStatusCode":"404","clientIp":"192.0.2.7""#), "WARN  192.0.2.7");
        check(
            &azures(
                r#""log":"{\"auditID\":\"7\",\"user\":{\"username\":\"bob\"},\"sourceIPs\":[\"192.0.2.7\"],\"responseStatus\":{\"code\":403}}""#,
            ),
            "WARN bob 192.0.2.7",
        );
        check(
            r#"{"time":"2023-11-14T22:13:20Z","category":"StorageRead","callerIpAddress":"192.0.2.7:5","identity":{"requester":{"upn":"bob@example.com"}},"properties":{"accountName":"files7"}}"#,
            "UNKNOWN bob@example.com 192.0.2.7",
        );
        check(
            r#"{"time":"2023-11-14T22:13:20Z","category":"StorageRead","callerIpAddress":"192.0.2.7:5","properties":{"accountName":"files7"}}"#,
            "UNKNOWN  192.0.2.7",
        );
        check(
            r#"{"insertId":"a","jsonPayload":{"msg":"x","level":"error","user":"bob","remote_ip":"192.0.2.7"},"timestamp":"2023-11-14T22:13:20Z"}"#,
            "ERROR bob 192.0.2.7",
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
