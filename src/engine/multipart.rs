//! Reads a multipart form (RFC 7578) that is wholly in memory, as the `clickhouse` crate sends bound parameters.

use memchr::memmem;

use super::exception::Exception;

/// The most fields that are taken from one form.
const FIELDS_MAX: usize = 10_000;

/// One field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// Its name.
    pub(super) name: String,
    /// Its bytes; any bytes.
    pub(super) value: &'a [u8],
}

/// The boundary in a Content-Type, if it is a multipart form.
pub(super) fn boundary(content_type: Option<&str>) -> Option<Vec<u8>> {
    let mut parts = content_type?.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parts
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim_matches('"').as_bytes().to_vec())
        .filter(|b| !b.is_empty())
}

/// The fields of a form, in order.
///
/// # Errors
/// A form that does not begin or end with its boundary, a field without a name, or a file.
pub(super) fn fields<'a>(body: &'a [u8], boundary: &[u8]) -> Result<Vec<Field<'a>>, Exception> {
    let broken = |what: &str| Exception::bad_request(format_args!("multipart form: {what}"));
    let opening = [b"--", boundary].concat();
    let marker = [b"\r\n--", boundary].concat();
    let mut rest = body.strip_prefix(opening.as_slice()).ok_or_else(|| broken("no boundary at its beginning"))?;
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        if fields.len() == FIELDS_MAX {
            return Err(broken("too many fields"));
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(|| broken("no line end behind a boundary"))?;
        let head_end = memmem::find(rest, b"\r\n\r\n").ok_or_else(|| broken("a field without a body"))?;
        let head = rest.get(..head_end).unwrap_or_default();
        let value_on = rest.get(head_end + 4..).unwrap_or_default();
        let length = memmem::find(value_on, &marker).ok_or_else(|| broken("a field without an end"))?;
        fields.push(Field { name: name(head)?, value: value_on.get(..length).unwrap_or_default() });
        rest = value_on.get(length + marker.len()..).unwrap_or_default();
    }
    Ok(fields)
}

fn name(head: &[u8]) -> Result<String, Exception> {
    let text = String::from_utf8_lossy(head);
    let disposition = text
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or_else(|| Exception::bad_request("multipart form: a field without a name"))?;
    let attribute = |wanted: &str| {
        disposition
            .split(';')
            .filter_map(|p| p.trim().split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim_matches('"').to_owned())
    };
    if attribute("filename").is_some() {
        return Err(Exception::unsupported("external tables in a multipart form"));
    }
    attribute("name").ok_or_else(|| Exception::bad_request("multipart form: a field without a name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
            body.extend_from_slice(value);
            body.extend(b"\r\n");
        }
        body.extend(b"--B--\r\n");
        body
    }

    #[test]
    fn fields_keep_their_bytes() {
        let body = form(&[("query", b"SELECT 1\r\n--"), ("param_a", b"\0\r\n\xff"), ("e", b"")]);
        let got = fields(&body, b"B").unwrap();
        let values: Vec<_> = got.iter().map(|f| (f.name.as_str(), f.value)).collect();
        assert_eq!(values, [("query", &b"SELECT 1\r\n--"[..]), ("param_a", b"\0\r\n\xff"), ("e", b"")]);
        assert!(fields(b"--B--\r\n", b"B").unwrap().is_empty());
    }

    #[test]
    fn files_and_broken_forms_are_refused() {
        let file = b"--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nx\r\n--B--";
        assert_eq!(fields(file, b"B").unwrap_err().code, 48);
        for body in [&b""[..], b"--B", b"--B\r\n", b"--B\r\nx\r\n\r\n", b"--B\r\nx\r\n\r\ny\r\n--B--"] {
            assert!(fields(body, b"B").is_err());
        }
    }

    #[test]
    fn the_boundary_is_read_from_the_content_type() {
        let check = |value: &str, expected: Option<&str>| {
            assert_eq!(boundary(Some(value)).as_deref(), expected.map(str::as_bytes), "{value}");
        };
        check("multipart/form-data; boundary=abc", Some("abc"));
        check("Multipart/Form-Data; charset=x; Boundary=\"a b\"", Some("a b"));
        check("multipart/form-data", None);
        check("text/plain; boundary=abc", None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>, value: Vec<u8>) {
            drop(fields(&body, b"B"));
            prop_assume!(memmem::find(&value, b"\r\n--B").is_none());
            let form = form(&[("a", &value)]);
            prop_assert_eq!(fields(&form, b"B").unwrap()[0].value, value.as_slice());
        }
    }
}
