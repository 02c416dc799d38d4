extension Template {
  static let rustPlugin: [(path: String, text: String)] = [
    (
      "Cargo.toml",
      #"""
      [package]
      name = "@NAME@"
      version = "0.1.0"
      edition = "2021"
      publish = false

      [lib]
      crate-type = ["cdylib"]

      # A panic must not leave a function that the kernel calls.
      [profile.release]
      panic = "abort"

      [profile.dev]
      panic = "abort"

      """#
    ),
    (
      "Makefile",
      #"""
      lib/lib@NAME@.so: Cargo.toml $(wildcard src/*.rs)
      	cargo build --release --offline
      	@mkdir -p lib
      	cp target/release/lib@MODULE@.so $@

      .PHONY: clean
      clean:
      	rm -rf lib target

      """#
    ),
    (
      "src/lib.rs",
      #"""
      mod egg;

      use egg::*;
      use std::ffi::c_void;
      use std::os::raw::c_char;

      // Read by the kernel before any code of this library runs. What is registered below must be
      // announced here.
      egg::manifest!(
          r#"{"egg": 1, "id": "@NAME@", "version": "0.1.0",
          "abi": {"major": 1, "min": 0}, "needs": ["egg.http/1"],
          "provides": {"middleware": ["@MEMBER@"], "context": ["@MEMBER@"]}}"#
      );

      /// One for each application that enables the plugin; lives as long as the process.
      struct Plugin {
          host: *const Host,
          http: *const Http,
          /// `config.@MEMBER@.text`; stays valid once the configuration is frozen.
          text: Value,
      }

      impl Plugin {
          unsafe fn register(&mut self, call: Call) -> Step {
              let this = self as *mut Plugin as *mut c_void;
              let middleware = Middleware {
                  name: "@MEMBER@\0".as_ptr() as *const c_char,
                  this,
                  handle: Some(handle),
                  ..Middleware::new()
              };
              let property = Property {
                  target: ON_CONTEXT,
                  name: "@MEMBER@\0".as_ptr() as *const c_char,
                  this,
                  get: Some(get),
                  ..Property::new()
              };
              let host = &*self.host;
              if (host.add_middleware)(host, &middleware) != OK
                  || (host.add_property)(host, &property) != OK
              {
                  return self.fail(call, "the kernel refused a registration, see its log");
              }
              STEP_DONE
          }

          unsafe fn read_config(&mut self, call: Call) -> Step {
              let host = &*self.host;
              let status = (host.config)(host, "@MEMBER@.text".into(), &mut self.text);
              if status != OK || self.text.kind != STRING {
                  return self.fail(call, "expected config.@MEMBER@.text to be a text");
              }
              STEP_DONE
          }

          unsafe fn fail(&self, call: Call, message: &str) -> Step {
              let error = Error {
                  code: "CONFIG".into(),
                  message: message.into(),
                  ..Error::new()
              };
              ((*self.host).fail)(self.host, call, &error)
          }
      }

      /// Every request that passes the middleware.
      unsafe extern "C" fn handle(instance: *mut c_void, call: Call) -> Step {
          let plugin = &*(instance as *const Plugin);
          ((*plugin.http).set_header)(plugin.host, call, "X-@HEADER@".into(), plugin.text.as_str());
          STEP_PASS
      }

      /// `ctx.@MEMBER@`
      unsafe extern "C" fn get(this: *mut c_void, _call: Call, out: *mut Value) -> Status {
          *out = (*(this as *const Plugin)).text;
          OK
      }

      unsafe extern "C" fn on_phase(this: *mut c_void, phase: i32, call: Call) -> Step {
          let plugin = &mut *(this as *mut Plugin);
          match phase {
              PHASE_REGISTER => plugin.register(call),
              PHASE_CONFIG_DID_LOAD => plugin.read_config(call),
              _ => STEP_DONE,
          }
      }

      /// # Safety
      /// Called by the kernel, with its table.
      #[no_mangle]
      pub unsafe extern "C" fn egg_plugin_entry_v1(
          host: *const Host,
          _plugin_id: *const c_char,
      ) -> *const Unit {
          let http = ((*host).query)(host, "egg.http/1\0".as_ptr() as *const c_char);
          let plugin = Box::new(Plugin { host, http: http as *const Http, text: Value::new() });
          Box::leak(Box::new(Unit {
              size: std::mem::size_of::<Unit>() as u32,
              abi_major: 1,
              abi_minor: 0,
              id: "@NAME@\0".as_ptr() as *const c_char,
              this: Box::into_raw(plugin) as *mut c_void,
              on_phase: Some(on_phase),
          }))
      }

      """#
    ),
    (
      "src/egg.rs",
      #"""
      //! The part of `egg_plugin.h` (1.0) that this plugin uses. Fields that it does not call are `Slot`s;
      //! the order is the header's. Tables of the kernel may be longer than they are here.
      #![allow(dead_code)]

      use std::ffi::c_void;
      use std::os::raw::c_char;

      pub type Status = i32;
      pub type Step = i32;
      pub type Slot = *const c_void;

      pub const OK: Status = 0;
      pub const STEP_DONE: Step = 0;
      pub const STEP_PASS: Step = 1;
      pub const STEP_LATER: Step = 2;
      pub const STRING: u8 = 5;
      pub const ON_CONTEXT: u32 = 2;
      pub const PHASE_REGISTER: i32 = 1;
      pub const PHASE_CONFIG_DID_LOAD: i32 = 3;

      /// Borrowed UTF-8, not NUL-terminated.
      #[repr(C)]
      #[derive(Clone, Copy)]
      pub struct Str {
          pub ptr: *const u8,
          pub len: usize,
      }

      impl Str {
          pub const EMPTY: Str = Str { ptr: std::ptr::null(), len: 0 };
      }

      impl From<&str> for Str {
          fn from(text: &str) -> Str {
              Str { ptr: text.as_ptr(), len: text.len() }
          }
      }

      #[repr(C)]
      #[derive(Clone, Copy)]
      pub struct Value {
          pub kind: u8,
          pub flags: u8,
          pub reserved: u16,
          pub count: u32,
          /// The union: an integer, the bits of a double, or a pointer.
          pub payload: u64,
      }

      impl Value {
          pub const fn new() -> Value {
              Value { kind: 0, flags: 0, reserved: 0, count: 0, payload: 0 }
          }

          /// The bytes of a value of kind `STRING`.
          pub fn as_str(&self) -> Str {
              Str { ptr: self.payload as *const u8, len: self.count as usize }
          }
      }

      #[repr(C)]
      #[derive(Clone, Copy)]
      pub struct Call {
          pub token: u64,
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
          pub const fn new() -> Error {
              Error {
                  size: std::mem::size_of::<Error>() as u32,
                  http_status: 0,
                  flags: 0,
                  reserved: 0,
                  code: Str::EMPTY,
                  message: Str::EMPTY,
                  detail: Str::EMPTY,
                  properties: std::ptr::null(),
                  cause: std::ptr::null(),
              }
          }
      }

      #[repr(C)]
      pub struct Middleware {
          pub size: u32,
          pub flags: u32,
          pub name: *const c_char,
          pub this: *mut c_void,
          pub make: Slot,
          pub handle: Option<unsafe extern "C" fn(*mut c_void, Call) -> Step>,
          pub handle_run: Slot,
      }

      impl Middleware {
          pub const fn new() -> Middleware {
              Middleware {
                  size: std::mem::size_of::<Middleware>() as u32,
                  flags: 0,
                  name: std::ptr::null(),
                  this: std::ptr::null_mut(),
                  make: std::ptr::null(),
                  handle: None,
                  handle_run: std::ptr::null(),
              }
          }
      }

      #[repr(C)]
      pub struct Property {
          pub size: u32,
          pub flags: u32,
          pub target: u32,
          pub reserved: u32,
          pub name: *const c_char,
          pub this: *mut c_void,
          pub get: Option<unsafe extern "C" fn(*mut c_void, Call, *mut Value) -> Status>,
          pub set: Slot,
      }

      impl Property {
          pub const fn new() -> Property {
              Property {
                  size: std::mem::size_of::<Property>() as u32,
                  flags: 0,
                  target: 0,
                  reserved: 0,
                  name: std::ptr::null(),
                  this: std::ptr::null_mut(),
                  get: None,
                  set: std::ptr::null(),
              }
          }
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
          pub add_method: Slot,
          pub add_property: unsafe extern "C" fn(*const Host, *const Property) -> Status,
          pub add_directory: Slot,
          pub add_export: Slot,
          pub publish: Slot,
          pub make_middleware: Slot,
          pub config: unsafe extern "C" fn(*const Host, Str, *mut Value) -> Status,
          pub set_config: Slot,
          pub finish: unsafe extern "C" fn(*const Host, Call, *const Value) -> Step,
          pub fail: unsafe extern "C" fn(*const Host, Call, *const Error) -> Step,
      }

      /// `egg.http/1`
      #[repr(C)]
      pub struct Http {
          pub size: u32,
          pub flags: u32,
          pub request: Slot,
          pub header: unsafe extern "C" fn(*const Host, Call, Str, u32, *mut Str) -> Status,
          pub header_at: Slot,
          pub param: Slot,
          pub param_at: Slot,
          pub route: Slot,
          pub body: Slot,
          pub set_body: Slot,
          pub raw_body: Slot,
          pub read_all: Slot,
          pub read_some: Slot,
          pub status: Slot,
          pub set_status: Slot,
          pub response_header: Slot,
          pub set_header: unsafe extern "C" fn(*const Host, Call, Str, Str) -> Status,
      }

      /// `egg_plugin`: this unit, as the kernel sees it.
      #[repr(C)]
      pub struct Unit {
          pub size: u32,
          pub abi_major: u16,
          pub abi_minor: u16,
          pub id: *const c_char,
          pub this: *mut c_void,
          pub on_phase: Option<unsafe extern "C" fn(*mut c_void, i32, Call) -> Step>,
      }

      #[repr(C, align(4))]
      pub struct Note<const N: usize> {
          pub owner_size: u32,
          pub text_size: u32,
          pub kind: u32,
          pub owner: [u8; 4],
          pub text: [u8; N],
      }

      pub const fn note_size(text: &str) -> usize {
          (text.len() + 4) / 4 * 4
      }

      pub const fn note<const N: usize>(text: &str) -> Note<N> {
          let mut padded = [0; N];
          let mut at = 0;
          while at < text.len() {
              padded[at] = text.as_bytes()[at];
              at += 1;
          }
          Note { owner_size: 4, text_size: N as u32, kind: 0x45474731, owner: *b"EGG\0", text: padded }
      }

      /// Puts the manifest into the ELF note that the kernel reads.
      macro_rules! manifest {
          ($text:expr) => {
              #[used]
              #[link_section = ".note.egg.plugin"]
              static MANIFEST: $crate::egg::Note<{ $crate::egg::note_size($text) }> =
                  $crate::egg::note($text);
          };
      }
      pub(crate) use manifest;

      """#
    ),
  ]
}
