/// HTTP/2, as both sides speak it: enter at [Session], a connection, and [Stream].
///
/// `FrameReader` cuts bytes into frames (`SplitFrame` puts together what comes in parts,
/// `OpenBlock` knows of a header block before it is whole), `Session` judges and acts,
/// `FrameWriter` gathers what goes out; `MessageRules` says what a header block may be, `FloodGate`
/// how much of everything. All of a connection runs on its event loop.
@NullMarked
package dev.weft.proxy.http2;

import org.jspecify.annotations.NullMarked;
