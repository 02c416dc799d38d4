//! The plugin headers in Rust, by hand: `repr(C)` structs with the fields of
//! `egg_plugin.h`, `egg_http.h`, `egg_loop.h`, `egg_app.h` and `egg_router.h` in their
//! order. A struct with `size` may grow at its end in later versions, so its pointer is
//! passed and its size is set; the sizes are checked at the bottom of this file.
//!
//! Functions of host tables that a plugin does not use are `usize` here: the place must
//! be there, the type need not.
#![allow(dead_code)]

use std::ffi::{c_char, c_void};
use std::ptr::null;

pub type Status = i32;
pub const OK: Status = 0;
pub const E_AGAIN: Status = -10;
pub const E_FAILED: Status = -11;

pub type Step = i32;
pub const DONE: Step = 0;
pub const PASS: Step = 1;
pub const LATER: Step = 2;

pub const PHASE_REGISTER: i32 = 1;
pub const PHASE_CONFIG_DID_LOAD: i32 = 3;
pub const PHASE_LOAD: i32 = 4;
pub const PHASE_DID_LOAD: i32 = 5;
pub const PHASE_DID_READY: i32 = 7;
pub const PHASE_BEFORE_CLOSE: i32 = 9;

pub const ON_APPLICATION: u32 = 1;
pub const ON_CONTEXT: u32 = 2;

pub const METHOD_IMMEDIATE: u32 = 1;
pub const OUTCOME_FAILED: i32 = 1;
pub const BODY_JSON: i32 = 4;

pub const KIND_INT: u8 = 3;
pub const KIND_STRING: u8 = 5;
pub const KIND_MAP: u8 = 8;

/// Text or bytes of somebody else; `ptr` may be anything when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: usize,
}

impl Str {
    pub const EMPTY: Str = Str { ptr: null(), len: 0 };

    pub fn of(text: &str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() }
    }

    /// # Safety
    /// The bytes must live as long as the result is used: until the function that
    /// received this text returns.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.ptr, self.len)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union Payload {
    pub boolean: bool,
    pub integer: i64,
    pub number: f64,
    pub string: *const u8,
    pub items: *const Value,
    pub pairs: *const Pair,
    pub object: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub kind: u8,
    pub flags: u8,
    pub reserved: u16,
    pub count: u32,
    pub payload: Payload,
}

impl Value {
    pub const UNDEFINED: Value =
        Value { kind: 0, flags: 0, reserved: 0, count: 0, payload: Payload { integer: 0 } };

    pub fn int(integer: i64) -> Value {
        Value { kind: KIND_INT, payload: Payload { integer }, ..Value::UNDEFINED }
    }

    /// A map of pairs that live as long as the value is used.
    pub fn map(pairs: &[Pair]) -> Value {
        Value {
            kind: KIND_MAP,
            count: pairs.len() as u32,
            payload: Payload { pairs: pairs.as_ptr() },
            ..Value::UNDEFINED
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        // The kind says which member of the union is set.
        (self.kind == KIND_INT).then(|| unsafe { self.payload.integer })
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pair {
    pub key: Str,
    pub value: Value,
}

#[repr(C)]
pub struct Error {
    pub size: u32,
    pub http_status: i32,
    pub flags: u32,
    pub reserved: u32,
    pub code: Str,
    pub message: Str,
    pub detail: Str,
    pub properties: *const Value,
    pub cause: *const Error,
}

impl Error {
    pub fn new(code: &str, message: &str) -> Error {
        Error {
            size: std::mem::size_of::<Error>() as u32,
            http_status: 500,
            flags: 0,
            reserved: 0,
            code: Str::of(code),
            message: Str::of(message),
            detail: Str::EMPTY,
            properties: null(),
            cause: null(),
        }
    }
}

#[repr(C)]
pub struct Outcome {
    pub size: u32,
    pub kind: i32,
    pub value: Value,
    pub error: *const Error,
}

/// Good for one settling; a resume function receives a fresh one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Call {
    pub token: u64,
}

pub const NO_CALL: Call = Call { token: 0 };

pub type Handle = unsafe extern "C" fn(*mut c_void, Call) -> Step;
pub type Resume = unsafe extern "C" fn(Call, *mut c_void, *const Outcome) -> Step;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Handler {
    pub instance: *mut c_void,
    pub handle: Handle,
}

#[repr(C)]
pub struct Middleware {
    pub size: u32,
    pub flags: u32,
    pub name: *const c_char,
    pub this: *mut c_void,
    pub make: usize,
    pub handle: Handle,
    pub handle_run: usize,
}

#[repr(C)]
pub struct Method {
    pub size: u32,
    pub flags: u32,
    pub target: u32,
    pub reserved: u32,
    pub name: *const c_char,
    pub this: *mut c_void,
    pub invoke: unsafe extern "C" fn(*mut c_void, Call, *const Value, u32, *mut Value) -> Step,
}

#[repr(C)]
pub struct Property {
    pub size: u32,
    pub flags: u32,
    pub target: u32,
    pub reserved: u32,
    pub name: *const c_char,
    pub this: *mut c_void,
    pub get: unsafe extern "C" fn(*mut c_void, Call, *mut Value) -> Status,
    pub set: usize,
}

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub private_data: *mut c_void,
    pub query: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub log: unsafe extern "C" fn(*const Host, Call, i32, Str, *const Value),
    pub add_middleware: unsafe extern "C" fn(*const Host, *const Middleware) -> Status,
    pub add_method: unsafe extern "C" fn(*const Host, *const Method) -> Status,
    pub add_property: unsafe extern "C" fn(*const Host, *const Property) -> Status,
    pub add_directory: usize,
    pub add_export: usize,
    pub publish: usize,
    pub make_middleware: usize,
    pub config: unsafe extern "C" fn(*const Host, Str, *mut Value) -> Status,
    pub set_config: usize,
    pub finish: unsafe extern "C" fn(*const Host, Call, *const Value) -> Step,
    pub fail: unsafe extern "C" fn(*const Host, Call, *const Error) -> Step,
    pub next: unsafe extern "C" fn(*const Host, Call, Option<Resume>, *mut c_void) -> Step,
    pub resolve: usize,
    pub invoke: usize,
    pub invoke_object: usize,
    pub invoke_now: usize,
    pub get: usize,
    pub set: usize,
    pub alloc: unsafe extern "C" fn(*const Host, Call, usize, usize) -> *mut c_void,
    pub copy: usize,
    pub state: usize,
    pub set_state: usize,
    pub local: usize,
    pub set_local: usize,
    pub on_cancel: usize,
    pub cancelled: usize,
}

#[repr(C)]
pub struct Plugin {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub id: *const c_char,
    pub this: *mut c_void,
    pub on_phase: unsafe extern "C" fn(*mut c_void, i32, Call) -> Step,
}

#[repr(C)]
pub struct Request {
    pub size: u32,
    pub version: u32,
    pub method: Str,
    pub target: Str,
    pub path: Str,
    pub query: Str,
    pub host: Str,
    pub remote_address: Str,
    pub remote_port: u32,
    pub local_port: u32,
    pub header_count: u32,
    pub flags: u32,
    pub started_ms: i64,
    pub started_ns: u64,
    pub body_length: i64,
}

#[repr(C)]
pub struct StreamSource {
    pub size: u32,
    pub flags: u32,
    pub length: i64,
    pub this: *mut c_void,
    pub start: unsafe extern "C" fn(*mut c_void, u64),
    pub writable: Option<unsafe extern "C" fn(*mut c_void, u64)>,
    pub closed: unsafe extern "C" fn(*mut c_void, bool),
}

/// `egg.http/1`.
#[repr(C)]
pub struct Http {
    pub size: u32,
    pub flags: u32,
    pub request: unsafe extern "C" fn(*const Host, Call, *mut Request) -> Status,
    pub header: usize,
    pub header_at: usize,
    pub param: unsafe extern "C" fn(*const Host, Call, Str, *mut Str) -> Status,
    pub param_at: usize,
    pub route: usize,
    pub body: usize,
    pub set_body: usize,
    pub raw_body: usize,
    pub read_all: usize,
    pub read_some: usize,
    pub status: usize,
    pub set_status: unsafe extern "C" fn(*const Host, Call, i32) -> Status,
    pub response_header: usize,
    pub set_header: unsafe extern "C" fn(*const Host, Call, Str, Str) -> Status,
    pub add_header: usize,
    pub remove_header: usize,
    pub response_header_at: usize,
    pub header_sent: usize,
    pub set_response: unsafe extern "C" fn(*const Host, Call, i32, Str) -> Status,
    pub set_response_payload: usize,
    pub set_response_file: usize,
    pub set_response_stream:
        unsafe extern "C" fn(*const Host, Call, *const StreamSource) -> Status,
    pub response: usize,
    pub forget: usize,
    pub stream_write: unsafe extern "C" fn(*const Host, u64, Str) -> Status,
    pub stream_write_payload: usize,
    pub stream_end: unsafe extern "C" fn(*const Host, u64) -> Status,
    pub stream_abort: unsafe extern "C" fn(*const Host, u64) -> Status,
}

/// `egg.loop/1`.
#[repr(C)]
pub struct Loop {
    pub size: u32,
    pub flags: u32,
    pub now_ns: unsafe extern "C" fn(*const Host) -> u64,
    pub timer: unsafe extern "C" fn(
        *const Host,
        u64,
        u64,
        unsafe extern "C" fn(*mut c_void),
        *mut c_void,
        *mut u64,
    ) -> Status,
    pub cancel_timer: unsafe extern "C" fn(*const Host, u64) -> Status,
    pub watch: usize,
    pub change_watch: usize,
    pub unwatch: usize,
    pub post: usize,
    pub offload: usize,
}

/// `egg.app/1`.
#[repr(C)]
pub struct App {
    pub size: u32,
    pub flags: u32,
    pub info: usize,
    pub unit: usize,
    pub own: usize,
    pub context_create: usize,
    pub on: unsafe extern "C" fn(
        *const Host,
        Str,
        unsafe extern "C" fn(*mut c_void, Call, *const Value),
        *mut c_void,
    ) -> Status,
    pub emit: usize,
}

#[repr(C)]
pub struct Route {
    pub size: u32,
    pub flags: u32,
    pub name: Str,
    pub methods: Str,
    pub path: Str,
    pub file: Str,
    pub line: u32,
    pub handler_count: u32,
    pub handlers: *const Handler,
    pub controller: Str,
}

/// `egg.router/1`.
#[repr(C)]
pub struct Router {
    pub size: u32,
    pub flags: u32,
    pub add_route: unsafe extern "C" fn(*const Host, *const Route, *mut Str) -> Status,
    pub add_resources: usize,
    pub add_redirect: usize,
    pub add_param: usize,
    pub set_prefix: usize,
    pub url: usize,
}

/// The manifest as an ELF note: a header of three words, the owner, the JSON padded with
/// NULs to a multiple of four bytes.
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    owner_size: u32,
    text_size: u32,
    kind: u32,
    owner: [u8; 4],
    text: [u8; N],
}

impl<const N: usize> Note<N> {
    pub const fn new(json: &str) -> Note<N> {
        let bytes = json.as_bytes();
        assert!(N % 4 == 0 && bytes.len() <= N);
        let mut text = [0; N];
        let mut at = 0;
        while at < bytes.len() {
            text[at] = bytes[at];
            at += 1;
        }
        Note { owner_size: 4, text_size: N as u32, kind: 0x4547_4731, owner: *b"EGG\0", text }
    }
}

const fn expect_size<T>(size: usize) {
    assert!(std::mem::size_of::<T>() == size);
}

// The same numbers as at the end of the headers.
const _: () = {
    expect_size::<Str>(16);
    expect_size::<Value>(16);
    expect_size::<Pair>(32);
    expect_size::<Call>(8);
    expect_size::<Handler>(16);
    expect_size::<Error>(80);
    expect_size::<Outcome>(32);
    expect_size::<Middleware>(48);
    expect_size::<Method>(40);
    expect_size::<Property>(48);
    expect_size::<Host>(240);
    expect_size::<Plugin>(32);
    expect_size::<Request>(144);
    expect_size::<StreamSource>(48);
    expect_size::<Http>(240);
    expect_size::<Loop>(72);
    expect_size::<App>(56);
    expect_size::<Route>(104);
    expect_size::<Router>(56);
};
