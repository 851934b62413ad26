package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// Heads and trailers as HPACK has them, by Netty's encoder. What belongs to HTTP/1.1 is left out
/// (RFC 9113, 8.2.2).
final class BlockEncoder {
    /// Buckets of the dynamic table. Netty keeps 64 bytes for each at most, 4 KiB, however much
    /// more the peer would keep.
    private static final int TABLE_HINT = 64;

    private static final int FIELD_OVERHEAD_BYTES = 32;
    private static final AsciiString METHOD = Http2Headers.PseudoHeaderName.METHOD.value();
    private static final AsciiString SCHEME = Http2Headers.PseudoHeaderName.SCHEME.value();
    private static final AsciiString AUTHORITY = Http2Headers.PseudoHeaderName.AUTHORITY.value();
    private static final AsciiString PATH = Http2Headers.PseudoHeaderName.PATH.value();
    private static final AsciiString STATUS = Http2Headers.PseudoHeaderName.STATUS.value();
    private static final AsciiString HTTP = AsciiString.cached("http");

    private final DefaultHttp2HeadersEncoder netty =
            new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, true, TABLE_HINT);
    private final Source source = new Source();
    private long tableBytes = DEFAULT_HEADER_TABLE_SIZE;
    private long leastTableBytes = DEFAULT_HEADER_TABLE_SIZE;

    /// What the peer keeps at most, from the next block on.
    void tableBytes(long most) {
        tableBytes = most;
        leastTableBytes = Math.min(leastTableBytes, most);
    }

    void request(int streamId, HttpRequest head, ByteBuf out) throws Http2Exception {
        begin(head);
        encode(streamId, out);
    }

    private void encode(int streamId, ByteBuf out) throws Http2Exception {
        // Of all sizes since the last block the smallest is told, and the last (RFC 7541, 4.2).
        netty.maxHeaderTableSize(leastTableBytes);
        netty.maxHeaderTableSize(tableBytes);
        leastTableBytes = tableBytes;
        netty.encodeHeaders(streamId, source, out);
    }

    /// How large the list of its fields is to the peer (RFC 9113, 6.5.2).
    long listBytes(HttpRequest head) {
        begin(head);
        var bytes = 0L;
        for (var field : source) {
            bytes += field.getKey().length() + field.getValue().length() + FIELD_OVERHEAD_BYTES;
        }
        return bytes;
    }

    private void begin(HttpRequest head) {
        source.begin(head.headers());
        source.pseudo(METHOD, head.method().asciiName());
        var tunnel = head.method().equals(HttpMethod.CONNECT);
        if (!tunnel) {
            source.pseudo(SCHEME, HTTP);
        }
        var authority = head.headers().get(HttpHeaderNames.HOST);
        if (authority != null) {
            source.pseudo(AUTHORITY, authority);
        }
        if (!tunnel) {
            source.pseudo(PATH, head.uri());
        }
    }

    void response(int streamId, HttpResponse head, ByteBuf out) throws Http2Exception {
        source.begin(head.headers());
        source.pseudo(STATUS, head.status().codeAsText());
        encode(streamId, out);
    }

    void trailers(int streamId, HttpHeaders trailers, ByteBuf out) throws Http2Exception {
        source.begin(trailers);
        encode(streamId, out);
    }

    private static boolean isOfHttp1(AsciiString name) {
        return switch (name.length()) {
            case 4 -> name.contentEquals("host");
            case 7 -> name.contentEquals("upgrade");
            case 10 -> name.contentEquals("connection") || name.contentEquals("keep-alive");
            case 16 -> name.contentEquals("proxy-connection");
            case 17 -> name.contentEquals("transfer-encoding");
            default -> false;
        };
    }

    /// One for all blocks, and its own iterator and entry: the encoder looks at each once.
    private static final class Source extends DefaultHttp2Headers
            implements Iterator<Map.Entry<CharSequence, CharSequence>>,
                    Map.Entry<CharSequence, CharSequence> {
        private static final int MOST_PSEUDO = 4;

        private final AsciiString[] pseudoNames = new AsciiString[MOST_PSEUDO];
        private final CharSequence[] pseudoValues = new CharSequence[MOST_PSEUDO];
        private int pseudos;
        private int next;
        private @Nullable Fields fields;
        private @Nullable Iterator<Map.Entry<CharSequence, CharSequence>> others;
        private @Nullable AsciiString nextName;
        private CharSequence nextValue = "";
        private CharSequence name = "";
        private CharSequence value = "";

        Source() {
            super(false, 2);
        }

        void begin(HttpHeaders headers) {
            pseudos = 0;
            next = 0;
            fields = headers instanceof Fields flat ? flat : null;
            others = fields == null ? headers.iteratorCharSequence() : null;
        }

        void pseudo(AsciiString name, CharSequence value) {
            pseudoNames[pseudos] = name;
            pseudoValues[pseudos++] = value;
        }

        @Override
        public Iterator<Map.Entry<CharSequence, CharSequence>> iterator() {
            look();
            return this;
        }

        private void look() {
            nextName = null;
            if (next < pseudos) {
                nextName = pseudoNames[next];
                nextValue = pseudoValues[next++];
            } else if (fields != null) {
                lookAmong(fields);
            } else if (others != null) {
                lookAmong(others);
            }
        }

        private void lookAmong(Fields fields) {
            for (var at = next - pseudos; at < fields.size(); at++) {
                next++;
                if (!isOfHttp1(fields.name(at))) {
                    nextName = fields.name(at);
                    nextValue = fields.value(at);
                    return;
                }
            }
        }

        private void lookAmong(Iterator<Map.Entry<CharSequence, CharSequence>> others) {
            while (others.hasNext()) {
                var entry = others.next();
                var lower = AsciiString.of(entry.getKey()).toLowerCase();
                if (!isOfHttp1(lower)) {
                    nextName = lower;
                    nextValue = entry.getValue();
                    return;
                }
            }
        }

        @Override
        public boolean hasNext() {
            return nextName != null;
        }

        @Override
        public Map.Entry<CharSequence, CharSequence> next() {
            if (nextName == null) {
                throw new NoSuchElementException();
            }
            name = nextName;
            value = nextValue;
            look();
            return this;
        }

        @Override
        public CharSequence getKey() {
            return name;
        }

        @Override
        public CharSequence getValue() {
            return value;
        }

        @Override
        public CharSequence setValue(CharSequence value) {
            throw new UnsupportedOperationException();
        }
    }
}
