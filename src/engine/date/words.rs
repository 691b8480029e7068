//! Words of dates: months, halves of the day, zones.

use super::small;
use pure_rust_locales::{Locale, locale_match};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What is part of a word without being a letter: accents that stand alone, the vowel signs of Indian scripts.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{9ff}')
}

/// Whether a word is the second half of the day; `None` where it is neither.
pub(super) fn half_of_day(lower: &str) -> Option<bool> {
    match lower {
        "pm" | "p" | "\u{c624}\u{d6c4}" | "\u{4e0b}\u{5348}" | "\u{5348}\u{5f8c}" => Some(true),
        "am" | "a" | "\u{c624}\u{c804}" | "\u{4e0a}\u{5348}" | "\u{5348}\u{524d}" => Some(false),
        _ => None,
    }
}

/// Seconds east of Greenwich of a zone's name.
pub(super) fn zone(lower: &str) -> Option<i32> {
    ZONES.iter().find(|(_, names)| names.contains(&lower)).map(|(minutes, _)| minutes * 60)
}

/// The month of a name, or of the beginning of an English one with three letters or more (`sept`, `janu`).
pub(super) fn month(lower: &str) -> Option<i8> {
    const ENGLISH: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if let Some(month) = MONTHS.get(lower) {
        return Some(*month);
    }
    let is_long = lower.chars().count() >= 3;
    ENGLISH.iter().position(|name| is_long && name.starts_with(lower)).map(|place| small(place + 1))
}

macro_rules! month_names {
    ($($locale:ident),* $(,)?) => {
        [$((
            locale_match!(Locale::$locale => LC_TIME::MON),
            locale_match!(Locale::$locale => LC_TIME::ABMON),
        )),*]
    };
}

/// Names and short names of months, in lower case and without points; where languages disagree, the first listed.
static MONTHS: LazyLock<BTreeMap<String, i8>> = LazyLock::new(|| {
    let mut months = BTreeMap::new();
    let languages = month_names![
        en_US, de_DE, de_AT, fr_FR, es_ES, pt_BR, it_IT, nl_NL, ru_RU, pl_PL, cs_CZ, sk_SK, sv_SE, da_DK, nb_NO, fi_FI,
        hu_HU, ro_RO, el_GR, tr_TR, uk_UA, bg_BG, sr_RS, hr_HR, sl_SI, et_EE, lv_LV, lt_LT, ca_ES, eu_ES, gl_ES, id_ID,
        vi_VN, ar_EG, he_IL, fa_IR, hi_IN, is_IS,
    ];
    for (names, short_names) in languages {
        for (place, name) in names.iter().enumerate().chain(short_names.iter().enumerate()) {
            let name = name.to_lowercase();
            let name = name.trim_end_matches('.').trim();
            if name.chars().count() > 1 && name.chars().all(|c| c.is_alphabetic() || is_mark(c)) {
                months.entry(name.to_owned()).or_insert(small(place + 1));
            }
        }
    }
    months
});

/// Names of zones, as feeds have them, by how many minutes they are east of Greenwich; what is read as several takes the one
/// seen most.
const ZONES: &[(i32, &[&str])] = &[
    (780, &["nzdt"]),
    (720, &["nzst"]),
    (660, &["aedt"]),
    (630, &["acdt"]),
    (600, &["aest"]),
    (570, &["acst"]),
    (540, &["jst", "kst"]),
    (480, &["hkt", "sgt", "pht", "awst"]),
    (420, &["ict", "wib"]),
    (345, &["npt"]),
    (330, &["ist"]),
    (300, &["pkt"]),
    (240, &["gst"]),
    (210, &["irst"]),
    (180, &["eest", "msk", "trt", "eat"]),
    (120, &["cest", "mesz", "mest", "eet", "sast", "cat"]),
    (60, &["bst", "west", "cet", "mez", "met", "wat"]),
    (0, &["z", "ut", "utc", "gmt", "wet"]),
    (-150, &["ndt"]),
    (-180, &["brt", "art", "adt"]),
    (-210, &["nst"]),
    (-240, &["ast", "edt"]),
    (-300, &["et", "est", "cdt"]),
    (-360, &["ct", "cst", "mdt"]),
    (-420, &["mt", "mst", "pdt"]),
    (-480, &["pt", "pst", "akdt"]),
    (-540, &["akst"]),
    (-600, &["hst"]),
];
