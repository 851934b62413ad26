package dev.weft.proxy.http2;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/// A header block that has been read: pseudo-headers and fields.
public final class HeaderBlock {
    /// Browsers keep up to 180 cookies of one site.
    static final int MAX_CRUMBS = 256;

    private static final AsciiString COOKIE = AsciiString.cached("cookie");

    /// There are more fields, or crumbs, than there may be.
    static final class TooManyFields extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        TooManyFields() {
            super("too many fields");
        }
    }

    @Nullable AsciiString method;
    @Nullable AsciiString scheme;
    @Nullable AsciiString authority;
    @Nullable AsciiString path;
    @Nullable AsciiString status;
    final Fields fields = new Fields();
    private final int maxFields;
    private int crumbs;

    /// @param maxFields besides pseudo-headers. The crumbs of a cookie (RFC 9113, 8.2.3) are one
    ///   together, as in Envoy, but there are not more than [#MAX_CRUMBS] of them
    HeaderBlock(int maxFields) {
        this.maxFields = maxFields;
    }

    boolean hasPseudoHeaders() {
        return method != null
                || scheme != null
                || authority != null
                || path != null
                || status != null;
    }

    /// @throws IllegalArgumentException it cannot be in a block, or not in this one any more
    void add(AsciiString name, AsciiString value) {
        if (name.isEmpty() || name.byteAt(0) != ':') {
            var why = MessageRules.field(name, value);
            if (why != null) {
                throw new IllegalArgumentException(why);
            }
            count(name);
            fields.append(name, value);
        } else if (value.isEmpty()) {
            throw new IllegalArgumentException("an empty pseudo-header");
        } else {
            addPseudo(name, value);
        }
    }

    private void count(AsciiString name) {
        if (name.length() == COOKIE.length() && name.equals(COOKIE)) {
            crumbs++;
        }
        if (crumbs > MAX_CRUMBS || fields.size() - Math.max(0, crumbs - 1) >= maxFields) {
            throw new TooManyFields();
        }
    }

    private void addPseudo(AsciiString name, AsciiString value) {
        AsciiString before;
        switch (name.length()) {
            case 5 -> {
                require(name, ":path");
                before = path;
                path = value;
            }
            case 7 -> {
                switch (name.byteAt(2)) {
                    case 'e' -> {
                        require(name, ":method");
                        before = method;
                        method = value;
                    }
                    case 'c' -> {
                        require(name, ":scheme");
                        before = scheme;
                        scheme = value;
                    }
                    default -> {
                        require(name, ":status");
                        before = status;
                        status = value;
                    }
                }
            }
            default -> {
                require(name, ":authority");
                before = authority;
                authority = value;
            }
        }
        if (before != null) {
            throw new IllegalArgumentException(name + " is there twice");
        }
    }

    private static void require(AsciiString name, String expected) {
        if (!name.contentEquals(expected)) {
            throw new IllegalArgumentException("unknown pseudo-header " + name);
        }
    }
}
