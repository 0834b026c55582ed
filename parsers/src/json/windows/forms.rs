//! The names that Windows events have in JSON, by who writes them.

use crate::winevent::Subject;

/// The names of one who writes events, best first.
pub(super) struct Form {
    /// The names of the log's name, by which the form is known.
    channels: &'static [&'static str],
    /// One of these stands in a record of the form, if any is listed.
    pub(super) strict: &'static [&'static str],
    pub(super) id: &'static [&'static str],
    pub(super) provider: &'static [&'static str],
    pub(super) host: &'static [&'static str],
    pub(super) process: &'static [&'static str],
    /// Whether a process that the record names itself counts before.
    pub(super) process_is_last: bool,
    pub(super) time: &'static [&'static str],
    /// Windows' number of a level.
    pub(super) level: &'static [&'static str],
    /// A word that tells the level of those that state no other.
    pub(super) word: &'static [&'static str],
    pub(super) keywords: &'static [&'static str],
    pub(super) message: &'static [&'static str],
    /// What stands before the names of the event's data.
    data: &'static [&'static str],
    /// The data as XML.
    pub(super) markup: Option<&'static str>,
}

const NONE: Form = Form {
    channels: &[],
    strict: &[],
    id: &[],
    provider: &[],
    host: &[],
    process: &[],
    process_is_last: false,
    time: &[],
    level: &[],
    word: &[],
    keywords: &[],
    message: &[],
    data: &[],
    markup: None,
};

/// That of events without any objects in them.
pub(super) static FLAT: Form = Form {
    channels: &["Channel", "LogName"],
    strict: &["EventID", "EventId", "EventTime", "TimeCreated", "ProviderName", "Provider_Name"],
    id: &["EventID", "EventId", "Id"],
    provider: &["ProviderName", "SourceName", "Provider_Name", "Provider", "EventSourceName"],
    host: &["Computer", "Hostname", "MachineName", "ComputerName"],
    process: &["ExecutionProcessID", "ProcessID"],
    time: &["SystemTime", "UtcTime"],
    level: &["Level"],
    word: &["EventType", "KeywordsDisplayNames"],
    keywords: &["Keywords", "KeywordsDisplayNames"],
    data: &[""],
    ..NONE
};

static FORMS: [&Form; 7] = [
    &FLAT,
    &Form {
        channels: &["winlog.channel"],
        id: &["winlog.event_id", "event.code"],
        provider: &["winlog.provider_name"],
        host: &["winlog.computer_name"],
        process: &["winlog.process.pid"],
        process_is_last: true,
        keywords: &["winlog.keywords"],
        data: &["winlog.event_data.", "winlog.user_data."],
        ..NONE
    },
    &Form {
        channels: &["Event.System.Channel"],
        id: &["Event.System.EventID", "Event.System.EventID.#text"],
        provider: &["Event.System.Provider.#attributes.Name", "Event.System.Provider_attributes.Name"],
        host: &["Event.System.Computer"],
        process: &["Event.System.Execution.#attributes.ProcessID", "Event.System.Execution_attributes.ProcessID"],
        time: &["Event.System.TimeCreated_attributes.SystemTime"],
        level: &["Event.System.Level"],
        keywords: &["Event.System.Keywords"],
        data: &["Event.EventData.", "Event.UserData."],
        ..NONE
    },
    &Form {
        channels: &["System.Channel"],
        id: &["System.EventID.Value", "System.EventID"],
        provider: &["System.Provider.Name"],
        host: &["System.Computer"],
        process: &["System.Execution.ProcessID"],
        time: &["System.TimeCreated.SystemTime"],
        level: &["System.Level"],
        keywords: &["System.Keywords"],
        data: &["EventData.", "UserData."],
        ..NONE
    },
    // Wazuh's alerts have it below their data.
    &Form {
        channels: &["win.system.channel", "data.win.system.channel"],
        id: &["win.system.eventID", "data.win.system.eventID"],
        provider: &["win.system.providerName", "data.win.system.providerName"],
        host: &["win.system.computer", "data.win.system.computer"],
        process: &["win.system.processID", "data.win.system.processID"],
        time: &["win.system.systemTime", "data.win.system.systemTime"],
        word: &["win.system.severityValue", "data.win.system.severityValue"],
        keywords: &["win.system.keywords", "data.win.system.keywords"],
        message: &["win.system.message", "data.win.system.message"],
        data: &[
            "win.eventdata.",
            "data.win.eventdata.",
            "win.logFileCleared.",
            "data.win.logFileCleared.",
            "win.userData.",
            "data.win.userData.",
        ],
        ..NONE
    },
    &Form {
        channels: &["log_name"],
        id: &["event_id"],
        provider: &["source_name"],
        host: &["computer_name"],
        process: &["process_id"],
        keywords: &["keywords"],
        data: &["event_data.", "user_data."],
        ..NONE
    },
    &Form {
        channels: &["channel"],
        strict: &["event_data", "event_id.id", "levelText"],
        id: &["event_id.id", "event_id"],
        provider: &["provider.name", "source"],
        host: &["computer"],
        process: &["execution.process_id", "execution.processId"],
        time: &["system_time", "timeCreated"],
        level: &["level"],
        keywords: &["keywords"],
        data: &["event_data."],
        markup: Some("event_data"),
        ..NONE
    },
];

impl Form {
    /// The form whose events have a log under this name.
    pub(super) fn of_channel(name: &str) -> Option<&'static Self> {
        // All end so, and most names do not.
        let may_be = name.ends_with("hannel") || matches!(name, "LogName" | "log_name");
        if !may_be {
            return None;
        }
        FORMS.into_iter().find(|form| form.channels.contains(&name))
    }

    /// Whether `name` is that of Windows' number of a level.
    pub(super) fn is_level(&self, name: &str) -> bool {
        self.level.iter().any(|level| level.eq_ignore_ascii_case(name))
    }

    /// The name that a value of the event's data has in Windows; `None` for what is no data.
    pub(super) fn data_name<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (prefix, name) = self.data.iter().find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?)))?;
        // What a program tells in its own form is in an element of the form's name.
        let is_in_form = prefix.ends_with("UserData.");
        Some(name.split_once('.').filter(|_| is_in_form).map_or(name, |(_, name)| name))
    }
}

/// Takes the data of an event from `<Data Name='TargetUserName'>bob</Data>…`.
pub(super) fn see_markup(subject: &mut Subject, markup: &str) {
    for element in markup.split("<Data Name=").skip(1) {
        let Some((name, rest)) = element.split_once('>') else { continue };
        let value = rest.split("</Data>").next().unwrap_or_default();
        subject.see(name.trim_matches(['\'', '"']), value);
    }
}
