//! The reef: documentation comments, raw strings, lifetimes. Nothing here is built.
/// An outer comment with "quotes" and `ticks`
/// over two lines, {
#![allow(dead_code)]
/*! An inner block comment. */
/** An outer block comment, "quoted". */
use std::collections::{BTreeMap, HashMap}; // two of them

/* nested /* comments */ are "one" */
const RAW: &str = r"no \ escape // here";
const HASHES: &str = r#"a "quoted" // text"#;
const MORE: &str = r##"a "# inside /* it */"##;
const BYTES: &[u8] = b"bytes \" // \x41";
const RAW_BYTES: &[u8] = br#"raw "bytes""#;
static QUOTES: [char; 5] = ['"', '\'', '\\', '{', '\u{1F980}'];
const BYTE: u8 = b'"';

/// A struct with a lifetime.
#[derive(Debug, Clone)]
pub struct Reef<'a, T: 'a + ?Sized> {
    name: &'a str, // it's a name
    /// Documented field.
    depth: Vec<Option<&'a T>>,
}

impl<'a, T> Reef<'a, T> {
    //// four slashes: a plain comment
    fn label<'b>(&'b self, unit: char) -> String {
        let text = "line one \
                    goes on // here";
        let spread = "over
lines (";
        if unit == 'm' && self.depth.len() > 1 {
            return format!("{}: {{{:?}}} {name}", self.name, text, name = spread); /* ( */
        }
        'outer: loop {
            match unit { 'a'..='z' => break 'outer, '\'' => {}, _ => continue 'outer, }
        }
        let closure = |x: i32| -> i32 { (x / 2) / 1 };
        vec![closure(1), { 2 }].iter().map(|n| n.to_string()).collect::<Vec<_>>().join("/*")
    }
}
/***/ fn nothing() {} /**/
