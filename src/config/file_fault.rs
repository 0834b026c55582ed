//! What is wrong with a file of the configuration, and where, without a secret that stands there.

use super::secret_text::NOT_TEXT;

/// What a key's name, or the rest of its line, has where a secret may stand on it: keys that are spelled almost right as well.
const SECRET_MARKS: [&str; 7] = ["pass", "pasw", "secret", "token", "key", "users", "@"];

/// The error with its line; the value on the line is left out where it may be a secret.
pub(super) fn shown(error: &toml::de::Error, text: &str) -> String {
    let Some(at) = error.span().map(|span| span.start) else { return error.to_string() };
    let before = text.get(..at).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let message = error.message();
    let low = line.to_ascii_lowercase();
    // What belongs to a key that is not known need not be seen, either.
    let may_be_secret = message.contains(NOT_TEXT)
        || message.starts_with("unknown")
        || SECRET_MARKS.iter().any(|mark| low.contains(mark));
    if !may_be_secret {
        return error.to_string();
    }
    let key = line.split('=').next().unwrap_or_default().trim();
    // What was found comes before what was expected.
    let message = match message.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    };
    format!("error at line {number}\n  |\n{number} | {key} = (not shown)\n  |\n{message}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn an_error_never_shows_a_secret_and_always_its_line() {
        for text in [
            "[auth]\nadmin_password = 12345678901\n",
            "[auth]\nadmin_pasword = \"12345678901\"\n",
            "[auth]\njwt_secret = \"12345678901\n",
            "[auth]\nadmin_password = x12345678901\n",
            "[clickhouse]\npassword = 12345678901\n",
            "[clickhouse]\npassword = [\"12345678901\"]\n",
            "[database]\nurl = 12345678901\n",
            "[database]\nurl = \"postgres://me:12345678901@db\" x\n",
            "listener = [\n{ protocol = \"fluent\", shared_key = 12345678901 }]\n",
            "[listener.users]\nada = 12345678901\n",
            "[analysers.a]\ntoken = 12345678901\n",
        ] {
            let error = toml::from_str::<Config>(text).unwrap_err();
            let shown = shown(&error, text);
            assert!(!shown.contains("12345678901") && shown.contains("line "), "{text}{shown}");
        }
        let text = "[api]\nlisten = \"nowhere\"\n";
        let shown = shown(&toml::from_str::<Config>(text).unwrap_err(), text);
        assert!(shown.contains("line 2") && shown.contains("\"nowhere\""), "{shown}");
    }
}
