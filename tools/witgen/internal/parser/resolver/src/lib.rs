//! The component `resolver`: wit-parser behind the interface that witgen asks for.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

mod spans;

wit_bindgen::generate!({ path: "wit", world: "parser" });

use exports::hygia::witgen::resolver::{Content, Failure, File, Guest};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, ResolveError, SourceMap, Span, UnresolvedPackageGroup};

struct Component;

export!(Component);

impl Guest for Component {
    fn resolve(packages: Vec<Vec<File>>, features: Vec<String>) -> Result<String, Failure> {
        let mut resolve = Resolve::new();
        resolve.features.extend(features);
        let mut groups = Vec::new();
        let mut base = 0;
        for package in packages {
            if let Some(group) = read(&mut resolve, package, &mut base)? {
                groups.push(group);
            }
        }
        if !groups.is_empty() {
            let main = groups.remove(0);
            resolve.push_groups(main, groups).map_err(unresolved)?;
        }
        serde_json::to_string(&spans::Output::of(&resolve)).map_err(refused)
    }
}

/// Reads the files of one package. A file in WebAssembly is merged at once and
/// leaves no group. `base` is where the package's text begins in that of all.
fn read(
    resolve: &mut Resolve,
    files: Vec<File>,
    base: &mut u32,
) -> Result<Option<UnresolvedPackageGroup>, Failure> {
    let mut map = SourceMap::new();
    let mut length = 0;
    for file in files {
        match file.content {
            Content::Text(text) => {
                length += text.len() as u32 + 1;
                map.push_str(&file.name, text);
            }
            Content::Wasm(wasm) => merge(resolve, &wasm)?,
        }
    }
    if length == 0 {
        return Ok(None);
    }
    let group = map.parse().map_err(|(_, error)| Failure {
        message: error.to_string(),
        // What is missing, as the package's name, is missing from its first file.
        at: Some(*base + offset(error.kind().span()).unwrap_or(0)),
    })?;
    *base += length;
    Ok(Some(group))
}

/// Merges a package in the binary or text form of WebAssembly.
fn merge(resolve: &mut Resolve, wasm: &[u8]) -> Result<(), Failure> {
    let wasm = wat::parse_bytes(wasm).map_err(refused)?;
    match decode(&wasm).map_err(refused)? {
        DecodedWasm::WitPackage(package, _) => {
            resolve.merge(package).map_err(refused)?;
            Ok(())
        }
        DecodedWasm::Component(..) => Err(refused("a component, where a package of WIT should be")),
    }
}

fn unresolved(error: ResolveError) -> Failure {
    Failure { message: error.to_string(), at: offset(error.kind().span()) }
}

fn refused(error: impl ToString) -> Failure {
    Failure { message: error.to_string(), at: None }
}

/// Where a span begins, if it is known.
fn offset(span: Span) -> Option<u32> {
    span.is_known().then(|| span.start())
}
