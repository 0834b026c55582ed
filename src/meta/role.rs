//! What people and tokens may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::column::stored_as_text;

/// What a user may do; a larger one may do all that a smaller one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Auditor,
    Admin,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    Active,
    Disabled,
}

/// One thing that an API token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Ingest,
    Read,
    Admin,
}

/// A text that is none of the names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{given}\" is not one of {known}")]
pub struct UnknownName {
    pub given: String,
    pub known: &'static str,
}

/// The names of a closed set.
macro_rules! names {
    ($type:ident: $known:literal, $($variant:ident = $name:literal),+) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::meta::UnknownName;

            fn from_str(text: &str) -> Result<Self, $crate::meta::UnknownName> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::meta::UnknownName { given: text.to_owned(), known: $known }),
                }
            }
        }

        $crate::meta::column::stored_as_text!($type);
    };
}
pub(super) use names;

names!(Role: "user, auditor, admin", User = "user", Auditor = "auditor", Admin = "admin");
names!(UserStatus: "active, disabled", Active = "active", Disabled = "disabled");
names!(Scope: "ingest, read, admin", Ingest = "ingest", Read = "read", Admin = "admin");

/// What an API token may do, as a set; `ingest,read` as text, a list in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(u8);

impl Scopes {
    const ALL: [Scope; 3] = [Scope::Ingest, Scope::Read, Scope::Admin];

    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in it, smallest first.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Self::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::default(), Self::with)
    }
}

impl From<Vec<Scope>> for Scopes {
    fn from(scopes: Vec<Scope>) -> Self {
        scopes.into_iter().collect()
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.iter().collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{scope}")?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        text.split(',').filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}

stored_as_text!(Scopes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_role_is_greater() {
        assert!(Role::User < Role::Auditor && Role::Auditor < Role::Admin);
    }

    #[test]
    fn scopes_survive_text_and_json() {
        let scopes: Scopes = "read,ingest".parse().unwrap();
        assert_eq!(scopes.to_string(), "ingest,read");
        assert!(scopes.contains(Scope::Read) && !scopes.contains(Scope::Admin));
        let json = serde_json::to_string(&scopes).unwrap();
        assert_eq!(json, r#"["ingest","read"]"#);
        assert_eq!(serde_json::from_str::<Scopes>(&json).unwrap(), scopes);
        assert!(serde_json::from_str::<Scopes>(r#"["root"]"#).is_err());
    }

    #[test]
    fn an_unknown_name_says_which_are_known() {
        let error = "root".parse::<Role>().unwrap_err().to_string();
        assert_eq!(error, "\"root\" is not one of user, auditor, admin");
    }
}
