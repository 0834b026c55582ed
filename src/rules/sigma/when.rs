//! What a record must be like to belong to a log source.

/// A condition on a record, as the table of log sources writes it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Any record.
    Always,
    /// The parser that understood it is one of these.
    Format(&'static [&'static str]),
    /// The program is one of these, in any case.
    App(&'static [&'static str]),
    /// Syslog's facility.
    Facility(u8),
    /// It is a Windows event of one of these channels.
    Channel(&'static [&'static str]),
    /// A field (by its Sigma name or an attribute's) has one of these values, in any case.
    Is(&'static str, &'static [&'static str]),
    /// A field has any value.
    Has(&'static str),
    /// All of these hold.
    All(&'static [When]),
    /// One of these holds.
    Any(&'static [When]),
    /// It does not hold.
    Not(&'static When),
}
