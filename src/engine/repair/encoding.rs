//! Bytes to text: which encoding a document really has. In the order of trust: its byte order mark, whether it is UTF-8
//! (which hardly anything else is by chance), what the host says, what the document says, what its letters look like
//! (the WHATWG encodings, by `encoding_rs`; the guess, by `chardetng`).

use super::{Repair, Repairs};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// The letter that a byte is in windows-1252, which HTML means by references to what would be a control character.
pub(super) fn windows_1252(byte: u8) -> Option<char> {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().filter(|c| !c.is_control())
}

/// Bytes at the beginning in which a document may name its encoding.
const DECLARATION_BYTES: usize = 1024;

/// Bytes of text looked at together.
const PIECE_BYTES: usize = 64 * 1024;
/// Of so many letters, one may be a fault.
const FAULTS_SHARE: usize = 20;
/// Bytes that an encoding is guessed from.
const SAMPLE_BYTES: usize = 256 * 1024;

/// A document's text.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// Without byte order mark.
    pub text: Cow<'a, str>,
    /// As WHATWG names it, in lower case: `utf-8`, `windows-1252`.
    pub encoding: String,
}

/// Decodes a document that came with this `Content-Type`. Never fails: what is no text becomes U+FFFD.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, repairs: &mut Repairs) -> Decoded<'a> {
    if let Some(text) = utf_32(bytes) {
        return Decoded { text: printable(Cow::Owned(text), repairs), encoding: "utf-32".to_owned() };
    }
    let label = declared(bytes);
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, &bytes[mark..]),
        None => (without_mark(bytes, content_type, label), bytes),
    };
    let (text, had_errors) = match std::str::from_utf8(bytes) {
        Ok(text) if encoding == UTF_8 => (Cow::Borrowed(text), false),
        _ => encoding.decode_without_bom_handling(bytes),
    };
    if had_errors {
        repairs.note(Repair::InvalidBytes);
    }
    // ASCII is every label's.
    let is_plain = encoding == UTF_8 && bytes.is_ascii();
    if !is_plain && label.is_some_and(|label| !is_same(label, encoding)) {
        repairs.note(Repair::EncodingLabel);
    }
    Decoded { text: printable(text, repairs), encoding: encoding.name().to_ascii_lowercase() }
}

fn without_mark(bytes: &[u8], content_type: Option<&str>, label: Option<&str>) -> &'static Encoding {
    match bytes {
        [b'<' | b'{', 0, ..] => return UTF_16LE,
        [0, b'<' | b'{', ..] => return UTF_16BE,
        _ => {}
    }
    let named = |label: &str| Encoding::for_label(label.trim().as_bytes());
    let declared = label.and_then(named);
    let by_host = content_type.and_then(charset).and_then(named);
    // The one encoding that hides other letters behind ASCII.
    if [by_host, declared].contains(&Some(ISO_2022_JP)) && bytes.contains(&0x1b) {
        return ISO_2022_JP;
    }
    if is_utf_8(bytes) {
        return UTF_8;
    }
    let is_possible = |encoding: &&'static Encoding| {
        let is_unicode = [UTF_8, UTF_16LE, UTF_16BE].contains(encoding);
        !is_unicode && is_nearly(encoding, bytes)
    };
    by_host.filter(is_possible).or_else(|| declared.filter(is_possible)).unwrap_or_else(|| guess(bytes))
}

/// Whether text is UTF-8, or was before something small happened to it: cut within a letter, or some bytes of another
/// encoding pasted in.
fn is_utf_8(bytes: &[u8]) -> bool {
    if std::str::from_utf8(bytes).is_ok() {
        return true;
    }
    let (mut letters, mut faults) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().bytes().filter(|byte| *byte >= 0xc2).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    letters > faults
}

/// Whether text can be of an encoding: without a fault, or of several bytes a letter and with few faults, as of a document
/// that was cut within a letter.
fn is_nearly(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut piece = vec![0; PIECE_BYTES];
    let (mut rest, mut faults, mut letters) = (bytes, 0, 0);
    loop {
        let (result, read, written, had_errors) = decoder.decode_to_utf8(rest, &mut piece, true);
        if had_errors && encoding.is_single_byte() {
            return false;
        }
        let text = std::str::from_utf8(&piece[..written]).unwrap_or_default();
        faults += text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
        letters += text.chars().filter(|c| !c.is_ascii()).count();
        rest = &rest[read..];
        if result == CoderResult::InputEmpty {
            return faults * FAULTS_SHARE <= letters;
        }
    }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // From where letters begin: a sample tells as much as the whole, and takes no second for eight megabytes.
    let start = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let sample = &bytes[start.saturating_sub(64)..bytes.len().min(start + SAMPLE_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // Never as the last of it: the sample may end within a letter.
    detector.feed(sample, false);
    let guess = detector.guess(None, Utf8Detection::Deny);
    // A handful of bytes is too little to tell Windows-1252's dashes and quotes from some other's letters.
    let few = bytes.iter().filter(|byte| !byte.is_ascii()).count() < 8;
    if few && guess.is_single_byte() { WINDOWS_1252 } else { guess }
}

/// The `encoding` of an XML declaration.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES)];
    let start = head.windows(5).position(|window| window == b"<?xml")?;
    let end = start + head[start..].windows(2).position(|window| window == b"?>")?;
    let declaration = std::str::from_utf8(&head[start..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::trim)
}

/// The `charset` of a `Content-Type` (RFC 9110, section 8.3).
fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, value) = named.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

fn is_same(label: &str, encoding: &'static Encoding) -> bool {
    Encoding::for_label(label.as_bytes()) == Some(encoding)
        // UTF-16 in either order is labelled UTF-16.
        || (label.eq_ignore_ascii_case("utf-16") && matches!(encoding, e if e == UTF_16LE || e == UTF_16BE))
}

/// UTF-32, which WHATWG leaves out: by its mark, or by the zeros around the first `<`.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let (is_big, bytes) = match bytes {
        [0, 0, 0xfe, 0xff, rest @ ..] => (true, rest),
        [0xff, 0xfe, 0, 0, rest @ ..] => (false, rest),
        [0, 0, 0, b'<', ..] => (true, bytes),
        [b'<', 0, 0, 0, ..] => (false, bytes),
        _ => return None,
    };
    let letter = |word: &[u8; 4]| {
        let code = if is_big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    Some(bytes.as_chunks::<4>().0.iter().map(letter).collect())
}

/// Without the control characters that XML does not have (section 2.2).
fn printable<'a>(text: Cow<'a, str>, repairs: &mut Repairs) -> Cow<'a, str> {
    // Without an early end, which would keep the compiler from comparing many bytes at once.
    let is_refused = |byte: u8| byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r';
    if !text.bytes().fold(false, |found, byte| found | is_refused(byte)) {
        return text;
    }
    repairs.note(Repair::ControlCharacters);
    let without = text.chars().filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r'));
    Cow::Owned(without.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &str = "Z\u{fc}rich \u{2013} caf\u{e9} \u{201c}quoted\u{201d} \u{20ac}";

    fn check(bytes: &[u8], content_type: Option<&str>, text: &str, encoding: &str, repaired: &[Repair]) {
        let mut repairs = Repairs::default();
        let decoded = decode(bytes, content_type, &mut repairs);
        assert!(decoded.text.ends_with(text), "{encoding}: {:?}", decoded.text);
        assert_eq!((decoded.encoding.as_str(), repairs.list().as_slice()), (encoding, repaired), "{text}");
    }

    fn labelled(label: &str, bytes: &[u8]) -> Vec<u8> {
        [format!("<?xml version=\"1.0\" encoding=\"{label}\"?>").as_bytes(), bytes].concat()
    }

    #[test]
    fn the_real_encoding_is_found() {
        let windows = WINDOWS_1252.encode(GREETING).0.into_owned();
        check(GREETING.as_bytes(), None, GREETING, "utf-8", &[]);
        check(&labelled("utf-8", GREETING.as_bytes()), None, GREETING, "utf-8", &[]);
        check(&labelled("iso-8859-1", GREETING.as_bytes()), None, GREETING, "utf-8", &[Repair::EncodingLabel]);
        check(&labelled("utf-16", GREETING.as_bytes()), None, GREETING, "utf-8", &[Repair::EncodingLabel]);
        check(&labelled("windows-1252", &windows), None, GREETING, "windows-1252", &[]);
        check(&labelled("utf-8", &windows), None, GREETING, "windows-1252", &[Repair::EncodingLabel]);
        check(&windows, None, GREETING, "windows-1252", &[]);
        check(&[b"\xef\xbb\xbf", GREETING.as_bytes()].concat(), None, GREETING, "utf-8", &[]);
        let utf_16: Vec<u8> = format!("<{GREETING}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(&utf_16, None, GREETING, "utf-16be", &[]);
        let utf_32: Vec<u8> = format!("<{GREETING}").chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        check(&utf_32, None, GREETING, "utf-32", &[]);
    }

    #[test]
    fn the_host_is_believed_before_the_document_and_both_before_a_guess() {
        let russian = "\u{41d}\u{43e}\u{432}\u{43e}\u{441}\u{442}\u{438} \u{434}\u{43d}\u{44f}";
        let koi = encoding_rs::KOI8_R.encode(russian).0.into_owned();
        check(&koi, Some("text/xml; charset=\"KOI8-R\""), russian, "koi8-r", &[]);
        check(&labelled("koi8-r", &koi), Some("text/xml"), russian, "koi8-r", &[]);
        check(&labelled("koi8-r", &koi), Some("text/xml; charset=utf-8"), russian, "koi8-r", &[]);
        let mislabelled = labelled("windows-1252", &koi);
        check(&mislabelled, Some("text/xml;charset=koi8-r"), russian, "koi8-r", &[Repair::EncodingLabel]);
    }

    #[test]
    fn damage_stays_small() {
        check(b"caf\xc3\xa9 caf\xc3\xa9 \xff end", None, "caf\u{e9} \u{fffd} end", "utf-8", &[Repair::InvalidBytes]);
        check(
            "caf\u{e9}\u{e9}\u{e9}".as_bytes().split_last().unwrap().1,
            None,
            "\u{fffd}",
            "utf-8",
            &[Repair::InvalidBytes],
        );
        check(b"a\x00b\x0bc\n", None, "abc\n", "utf-8", &[Repair::ControlCharacters]);
    }
}
