//! The names in a certificate (RFC 5280): DNS names of its holder, or where it has none, the common names of its subject.
//!
//! ```text
//! Certificate  SEQUENCE { TBSCertificate, algorithm, signature }
//! TBS          SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, key, …, [3] { SEQUENCE of Extension } }
//! subject      SEQUENCE of SET of SEQUENCE { OID, text }
//! Extension    SEQUENCE { OID, BOOLEAN critical, OCTET STRING }; of subjectAltName it holds SEQUENCE of GeneralName: [2] dNSName
//! ```

use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

/// 2.5.4.3
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// 2.5.29.17
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
const VERSION: u8 = 0;
const EXTENSIONS: u8 = 3;
const DNS_NAME: u8 = 2;
/// Of the fields without a version.
const SUBJECT: usize = 4;

/// The names in `certificate`, in their order. One that cannot be read has none.
pub(super) fn of(certificate: &[u8]) -> Vec<String> {
    let Some(fields) = fields(certificate) else { return Vec::new() };
    let names = dns_names(&fields).unwrap_or_default();
    if names.is_empty() { common_names(&fields).unwrap_or_default() } else { names }
}

fn fields(certificate: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let outer = *parts(certificate)?.first()?;
    let signed = *parts(outer.value())?.first()?;
    let mut fields = parts(signed.value())?;
    fields.retain(|field| !is_numbered(*field, VERSION));
    Some(fields)
}

fn dns_names(fields: &[AnyRef<'_>]) -> Option<Vec<String>> {
    let extensions = fields.iter().find(|field| is_numbered(**field, EXTENSIONS))?;
    for extension in parts(parts(extensions.value())?.first()?.value())? {
        let extension = parts(extension.value())?;
        if extension.first()?.value() == SUBJECT_ALT_NAME {
            let names = parts(parts(extension.last()?.value())?.first()?.value())?;
            return Some(names.into_iter().filter(|name| is_numbered(*name, DNS_NAME)).filter_map(text).collect());
        }
    }
    None
}

fn common_names(fields: &[AnyRef<'_>]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for set in parts(fields.get(SUBJECT)?.value())? {
        for pair in parts(set.value())? {
            if let [oid, name] = parts(pair.value())?[..]
                && oid.value() == COMMON_NAME
                && matches!(name.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String)
            {
                names.extend(text(name));
            }
        }
    }
    Some(names)
}

/// The values that stand in `bytes` one behind the other; nothing where one is not whole.
fn parts(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(parts)
}

fn is_numbered(value: AnyRef<'_>, wanted: u8) -> bool {
    matches!(value.tag(), Tag::ContextSpecific { number, .. } if number.value() == wanted)
}

fn text(value: AnyRef<'_>) -> Option<String> {
    std::str::from_utf8(value.value()).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SanType};

    use super::*;

    fn certificate(alt_names: &[&str], common_name: Option<DnValue>) -> Vec<u8> {
        let mut params = CertificateParams::new(alt_names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let params = params.as_mut().unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "logs of ours");
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.subject_alt_names.push(SanType::Rfc822Name("ada@example.org".try_into().unwrap()));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn dns_names_go_before_the_common_name() {
        let common = || Some(DnValue::Utf8String("größe".to_owned()));
        let printable = DnValue::PrintableString("web 1".try_into().unwrap());
        let check = |certificate: &[u8], expected: &[&str]| assert_eq!(of(certificate), expected);
        check(&certificate(&["web-1.example.org", "192.0.2.7", "web-1"], common()), &["web-1.example.org", "web-1"]);
        check(&certificate(&[], common()), &["größe"]);
        check(&certificate(&["192.0.2.7"], Some(printable)), &["web 1"]);
        check(&certificate(&[], None), &[]);
    }

    #[test]
    fn damage_anywhere_is_survived() {
        let whole = certificate(&["web-1.example.org"], Some(DnValue::Utf8String("web".to_owned())));
        for at in 0..whole.len() {
            of(whole.get(..at).unwrap());
            for byte in [0x00, 0x30, 0x80, 0x84, 0xa2, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                of(&damaged);
            }
        }
    }
}
