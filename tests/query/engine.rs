//! The real engine, loaded where the daemon would find it.
#![expect(unsafe_code, reason = "calls the C functions of the engine's library")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;

use libloading::Library;
use logseal::engine::library::{self, Places};
use logseal::query::sql::Param;

type Connect = unsafe extern "C" fn(c_int, *const *const c_char) -> *mut *mut c_void;
type Close = unsafe extern "C" fn(*mut *mut c_void);
type Query = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> *mut c_void;

/// An open engine on a folder of its own.
pub(crate) struct Engine {
    /// Never unloaded: its thread-local destructors run after the test.
    library: &'static Library,
    connection: *mut *mut c_void,
}

impl Engine {
    /// Starts the engine on `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let path = library_file();
        let arguments = [c"chdb".to_owned(), std::ffi::CString::new(format!("--path={}", folder.display())).unwrap()];
        let pointers: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
        // SAFETY: the library's initializers have no preconditions; the signatures are those of chdb.h.
        unsafe {
            let library: &'static Library = Box::leak(Box::new(Library::new(path).unwrap()));
            let no_signals = library.get::<unsafe extern "C" fn(c_int)>(b"chdb_set_signal_handlers_enabled").unwrap();
            no_signals(0);
            let connect = library.get::<Connect>(b"chdb_connect").unwrap();
            let connection = connect(2, pointers.as_ptr());
            assert!(!connection.is_null());
            Self { library, connection }
        }
    }

    /// Runs a statement and returns its output as tab-separated values.
    pub(crate) fn run(&self, sql: &str, params: &[(String, Param)]) -> String {
        let wires: Vec<String> = params.iter().map(|(_, value)| value.to_wire()).collect();
        let names: Vec<*const c_char> = params.iter().map(|(name, _)| name.as_ptr().cast()).collect();
        let name_lens: Vec<usize> = params.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<*const c_char> = wires.iter().map(|wire| wire.as_ptr().cast()).collect();
        let value_lens: Vec<usize> = wires.iter().map(String::len).collect();
        // SAFETY: all pointers stay valid during the call, each with its length; the result is read before it is destroyed.
        unsafe {
            let query = self.library.get::<Query>(b"chdb_query_with_params_n").unwrap();
            let result = query(
                *self.connection,
                sql.as_ptr().cast(),
                sql.len(),
                c"TSV".as_ptr(),
                3,
                names.as_ptr(),
                name_lens.as_ptr(),
                values.as_ptr(),
                value_lens.as_ptr(),
                params.len(),
            );
            let error = self
                .library
                .get::<unsafe extern "C" fn(*mut c_void) -> *const c_char>(b"chdb_result_error")
                .unwrap()(result);
            assert!(error.is_null(), "{}\n{sql}\n{params:?}", CStr::from_ptr(error).to_string_lossy());
            let length =
                self.library.get::<unsafe extern "C" fn(*mut c_void) -> usize>(b"chdb_result_length").unwrap()(result);
            let buffer = self
                .library
                .get::<unsafe extern "C" fn(*mut c_void) -> *const u8>(b"chdb_result_buffer")
                .unwrap()(result);
            let output = if length == 0 { Vec::new() } else { std::slice::from_raw_parts(buffer, length).to_vec() };
            self.library.get::<unsafe extern "C" fn(*mut c_void)>(b"chdb_destroy_query_result").unwrap()(result);
            String::from_utf8_lossy(&output).into_owned()
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: the connection came from chdb_connect and is closed once.
        unsafe { self.library.get::<Close>(b"chdb_close_conn").unwrap()(self.connection) }
    }
}

/// The engine's library. There is no test without it.
fn library_file() -> std::path::PathBuf {
    let var = |name| std::env::var_os(name);
    let (configured, cache, home) = (var("LOGSEAL_ENGINE_LIBRARY"), var("XDG_CACHE_HOME"), var("HOME"));
    let places = Places {
        configured: configured.as_deref().map(Path::new),
        program: None,
        xdg_cache_home: cache.as_deref(),
        home: home.as_deref(),
    };
    library::find(places).unwrap_or_else(|error| panic!("{error}"))
}
