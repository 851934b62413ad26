package dev.weft.proxy.http;

import io.netty.handler.codec.http.HttpRequest;

/// What a request's head takes of the heap.
final class HeadWeight {
    /// The objects around the name and the value of one header, in a JVM with compressed pointers.
    private static final int HEADER_BYTES = 128;

    private HeadWeight() {}

    /// An estimate that many small headers do not get below.
    static long bytes(HttpRequest head) {
        long bytes = head.uri().length();
        for (var all = head.headers().iteratorCharSequence(); all.hasNext(); ) {
            var header = all.next();
            bytes += HEADER_BYTES + header.getKey().length() + header.getValue().length();
        }
        return bytes;
    }
}
