//! wasmtime's C API as one static library, and the version of it.

use std::ffi::c_char;

pub use wasmtime_c_api::*;
use wasmtime_environ::VERSION;

/// The version as C text. wasmtime's C API has it in a header alone, which says
/// what was compiled against and not what was linked.
static TEXT: [u8; VERSION.len() + 1] = {
    let mut text = [0; VERSION.len() + 1];
    let mut i = 0;
    while i < VERSION.len() {
        text[i] = VERSION.as_bytes()[i];
        i += 1;
    }
    text
};

/// Returns the version of the engine that is linked, such as "48.0.8". The text
/// lives as long as the process.
#[unsafe(no_mangle)]
pub extern "C" fn hygia_engine_version() -> *const c_char {
    TEXT.as_ptr().cast()
}
