//! Variables of the environment, laid over the file's tree.

use super::ConfigError;

/// The last words of keys that hold secrets, or what belongs to one: always text, though it may be digits.
const SECRETS: [&str; 5] = ["password", "secret", "token", "key", "key_id"];
/// Keys beside them that are text; the words end others that are numbers.
const TEXTS: [&str; 2] = ["user", "url"];

/// The key and value of a variable whose name is not a path; an empty one is as good as none.
pub(super) fn plain(name: &str, value: &str) -> Result<Option<(&'static str, toml::Value)>, ConfigError> {
    if value.is_empty() {
        return Ok(None);
    }
    match name {
        "DATABASE_URL" => Ok(Some(("database__url", toml::Value::String(value.to_owned())))),
        "LOGSEAL_ADMIN_PASSWORD" => Ok(Some(("auth__admin_password", toml::Value::String(value.to_owned())))),
        "JWT_SECRET" => Ok(Some(("auth__jwt_secret", toml::Value::String(value.to_owned())))),
        "JWT_EXPIRE_MINUTES" => match value.parse() {
            Ok(minutes) => Ok(Some(("auth__access_token_minutes", toml::Value::Integer(minutes)))),
            Err(_) => Err(ConfigError::Value { key: name.to_owned(), detail: "is not a number of minutes".to_owned() }),
        },
        _ => Ok(None),
    }
}

/// Sets the key at `path` to what `value` is as TOML, or as text. A password of digits only is text, too.
pub(super) fn set(tree: &mut toml::Table, path: &str, value: &str) -> Result<(), ConfigError> {
    let is_text = is_text(path);
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    let parsed = parsed.filter(|parsed| parsed.is_str() || !is_text);
    set_value(tree, path, parsed.unwrap_or_else(|| toml::Value::String(value.to_owned())))
}

fn is_text(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let key = path.rsplit("__").next().unwrap_or_default();
    let ends_with = |word: &str| key.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    TEXTS.contains(&key) || SECRETS.iter().any(|word| ends_with(word))
}

/// Sets the key at `path` (parts joined by `__`, any case).
pub(super) fn set_value(tree: &mut toml::Table, path: &str, value: toml::Value) -> Result<(), ConfigError> {
    let path = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = path.split("__").collect();
    let last = parts.pop().unwrap_or_default();
    let mut table = tree;
    for part in parts {
        table = table.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new())).as_table_mut().ok_or_else(
            || ConfigError::Value { key: path.replace("__", "."), detail: format!("{part} is not a table") },
        )?;
    }
    table.insert(last.to_owned(), value);
    Ok(())
}
