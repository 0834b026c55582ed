//! Which names of fields become columns, for whoever asks a record for a field by the name that it was sent under.

use crate::fields::{self, Slot};

/// A column that a field of a JSON record becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// When it happened.
    Timestamp,
    /// How grave it is.
    Level,
    /// The message.
    Message,
    /// The machine.
    Host,
    /// The program.
    App,
    /// The process.
    ProcId,
    /// The kind of the message.
    MsgId,
    /// The address of the peer.
    Ip,
    /// The person.
    UserName,
}

/// The column that a field becomes, by its whole path with dots between the names, in any case; `None` where it stays an attribute.
///
/// Of several fields of a record for one column the best becomes it, and the others stay attributes.
#[must_use]
pub fn filled_by(path: &str) -> Option<Filled> {
    Some(match fields::find(path)?.slot {
        Slot::Timestamp => Filled::Timestamp,
        Slot::Level => Filled::Level,
        Slot::Message => Filled::Message,
        Slot::Host => Filled::Host,
        Slot::App => Filled::App,
        Slot::ProcId => Filled::ProcId,
        Slot::MsgId => Filled::MsgId,
        Slot::Ip => Filled::Ip,
        Slot::UserName => Filled::UserName,
        // The column does not hold what they say: a number becomes a word, or a part of a time.
        Slot::InstantNanos
        | Slot::Priority
        | Slot::PythonLevel
        | Slot::OtelLevel
        | Slot::LevelLetter
        | Slot::Facility => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_column_where_the_column_holds_what_it_says() {
        let check = |name, expected| assert_eq!(filled_by(name), expected, "{name}");
        check("login", Some(Filled::UserName));
        check("Src.IP", Some(Filled::Ip));
        check("_hostname", Some(Filled::Host));
        check("textPayload", Some(Filled::Message));
        check("priority", None);
        check("name", None);
    }
}
