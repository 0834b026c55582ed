//! The URL and headers of a ClickHouse HTTP request, and its multipart form.

use http::request::Parts;
use http::{Method, header};
use percent_encoding::percent_decode;

use super::exception::{Exception, code};
use super::multipart;

/// What a request says besides its body.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// The text of `query=`, with the line end that ClickHouse puts behind it; empty without one.
    pub(super) query: Vec<u8>,
    /// `database=`
    pub(super) database: Option<String>,
    /// `default_format=` or `X-ClickHouse-Format`
    pub(super) default_format: Option<String>,
    /// `query_id=`; it is only sent back.
    pub(super) query_id: Option<String>,
    /// Settings of the query.
    pub(super) settings: Vec<(String, String)>,
    /// Values of `{name:Type}` parameters.
    pub(super) params: Vec<(String, Vec<u8>)>,
    /// `user=` and `password=`
    pub(super) url_login: (Option<String>, Option<String>),
    /// `wait_end_of_query=1`: the answer begins when the query has ended.
    pub(super) wait_end: bool,
    /// A GET may change nothing.
    pub(super) read_only: bool,
    /// The boundary, if the body is a multipart form.
    pub(super) boundary: Option<Vec<u8>>,
}

impl Request {
    /// Reads the URL and the headers.
    ///
    /// # Errors
    /// A request this server cannot serve: sessions, compression, roles, a name that is no name.
    pub(super) fn read(parts: &Parts) -> Result<Self, Exception> {
        let mut request = Self { read_only: parts.method != Method::POST, ..Self::default() };
        for pair in parts.uri.query().unwrap_or_default().split('&') {
            if !pair.is_empty() {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                request.take(&decode_text(name)?, decode(value))?;
            }
        }
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        for (name, slot) in
            [("x-clickhouse-database", &mut request.database), ("x-clickhouse-format", &mut request.default_format)]
        {
            if let (None, Some(value)) = (&slot, header(name)) {
                *slot = Some(value.to_owned());
            }
        }
        if header("content-encoding").is_some_and(|v| !v.eq_ignore_ascii_case("identity")) {
            return Err(Exception::unsupported("a compressed request body"));
        }
        request.boundary = multipart::boundary(header(header::CONTENT_TYPE.as_str()));
        Ok(request)
    }

    /// Takes the fields of a form, which mean what they mean in the URL.
    ///
    /// # Errors
    /// As [`Request::read`]; and a form that is broken or has files in it.
    pub(super) fn take_form(&mut self, body: &[u8]) -> Result<(), Exception> {
        let boundary = self.boundary.take().unwrap_or_default();
        for field in multipart::fields(body, &boundary)? {
            self.take(&field.name, field.value.to_vec())?;
        }
        Ok(())
    }

    fn take(&mut self, name: &str, value: Vec<u8>) -> Result<(), Exception> {
        if let Some(param) = name.strip_prefix("param_") {
            self.params.push((param.to_owned(), value));
            return Ok(());
        }
        if name == "query" {
            if !value.is_empty() {
                self.query.extend_from_slice(&value);
                self.query.push(b'\n');
            }
            return Ok(());
        }
        let value =
            String::from_utf8(value).map_err(|_| Exception::bad_request(format_args!("{name} is not UTF-8")))?;
        let given = !value.is_empty();
        match name {
            "database" => self.database = given.then_some(value),
            "default_format" => self.default_format = given.then_some(value),
            "query_id" => self.query_id = given.then_some(value),
            "user" => self.url_login.0 = Some(value),
            "password" => self.url_login.1 = Some(value),
            "wait_end_of_query" => self.wait_end = given && value != "0",
            "session_id" | "role" if given => {
                return Err(Exception::unsupported(format_args!("{name} over HTTP")));
            }
            "compress" | "decompress" | "client_protocol_version" if given && value != "0" => {
                return Err(Exception::unsupported(format_args!("{name}={value}")));
            }
            // They shape how ClickHouse answers and do not change the answer.
            "session_id"
            | "role"
            | "compress"
            | "decompress"
            | "client_protocol_version"
            | "quota_key"
            | "buffer_size"
            | "session_timeout"
            | "session_check"
            | "close_session"
            | "stacktrace" => {}
            _ if is_setting_name(name) => self.settings.push((name.to_owned(), value)),
            _ => {
                return Err(Exception::new(
                    code::UNKNOWN_SETTING,
                    "UNKNOWN_SETTING",
                    format_args!("Unknown setting '{}'", name.escape_default()),
                ));
            }
        }
        Ok(())
    }

    /// The SET statement for the settings, those of `defaults` that the request does not name included.
    pub(super) fn set_statement(&self, defaults: &[(String, String)]) -> Option<String> {
        let named = |name: &str| self.settings.iter().any(|(n, _)| n == name);
        let mut pairs: Vec<String> = defaults
            .iter()
            .filter(|(name, _)| !named(name))
            .chain(&self.settings)
            .map(|(name, value)| format!("{name} = {}", quote(value, '\'')))
            .collect();
        // Last, and whatever the request says: 2 forbids changes and cannot be lifted, but lets settings be set.
        if self.read_only {
            pairs.push("readonly = 2".to_owned());
        }
        (!pairs.is_empty()).then(|| format!("SET {}", pairs.join(", ")))
    }

    /// The USE statement for the database.
    pub(super) fn use_statement(&self) -> Option<String> {
        let database = self.database.as_deref()?;
        Some(format!("USE {}", quote(database, '`')))
    }
}

fn is_setting_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A ClickHouse string or quoted name.
pub(super) fn quote(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        match c {
            '\0' => quoted.push_str("\\0"),
            c => {
                if c == quote || c == '\\' {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
        }
    }
    quoted.push(quote);
    quoted
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}

fn decode_text(text: &str) -> Result<String, Exception> {
    String::from_utf8(decode(text)).map_err(|_| Exception::bad_request("a name in the URL is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, url: &str) -> Result<Request, Exception> {
        let (parts, ()) = http::Request::builder().method(method).uri(url).body(()).unwrap().into_parts();
        Request::read(&parts)
    }

    #[test]
    fn the_url_gives_query_parameters_and_settings() {
        let request =
            read("POST", "/?query=SELECT+%7Ba:String%7D&param_a=%00%ff+x%2B&database=d&max_threads=2&query_id=q")
                .unwrap();
        assert_eq!(request.query, b"SELECT {a:String}\n");
        assert_eq!(request.params, [("a".to_owned(), b"\0\xff x+".to_vec())]);
        assert_eq!(request.use_statement().unwrap(), "USE `d`");
        assert_eq!(request.set_statement(&[]).unwrap(), "SET max_threads = '2'");
        assert_eq!(request.query_id.as_deref(), Some("q"));
    }

    #[test]
    fn a_get_is_read_only_and_the_request_wins_over_the_defaults() {
        let defaults = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
        let request = read("GET", "/?a=9&readonly=0").unwrap();
        assert_eq!(request.set_statement(&defaults).unwrap(), "SET b = '2', a = '9', readonly = '0', readonly = 2");
        assert_eq!(read("POST", "/").unwrap().set_statement(&[]), None);
    }

    #[test]
    fn hostile_names_and_values_stay_in_their_quotes() {
        let request = read("POST", "/?max_threads=1%27%5C%00").unwrap();
        assert_eq!(request.set_statement(&[]).unwrap(), r"SET max_threads = '1\'\\\0'");
        let name = read("POST", "/?max%20threads=1").unwrap_err();
        assert_eq!(name.code, code::UNKNOWN_SETTING);
        let request = read("POST", "/?database=%60%3B").unwrap();
        assert_eq!(request.use_statement().unwrap(), r"USE `\`;`");
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        for url in ["/?session_id=x", "/?compress=1", "/?decompress=1", "/?role=r"] {
            assert_eq!(read("POST", url).unwrap_err().code, code::NOT_IMPLEMENTED, "{url}");
        }
        assert!(read("POST", "/?compress=0&session_id=").is_ok());
    }
}
