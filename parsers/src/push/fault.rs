//! Why a whole body is refused.

/// What is wrong with a body, as a decision for who answers its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// It is not of the protocol: the same bytes will be refused again.
    #[error("{0}")]
    Malformed(String),
    /// Its records repeat so much of what they share that they would not fit into memory.
    #[error("what the records of one body share would be repeated to more than {} MiB: send fewer at once", super::growth::BYTES_MAX >> 20)]
    TooLarge,
}

impl From<crate::json::reader::Fault> for BodyFault {
    fn from(fault: crate::json::reader::Fault) -> Self {
        Self::Malformed(format!("{} at byte {}", fault.what, fault.at))
    }
}

impl From<super::protobuf::Malformed> for BodyFault {
    fn from(fault: super::protobuf::Malformed) -> Self {
        Self::Malformed(fault.to_string())
    }
}
