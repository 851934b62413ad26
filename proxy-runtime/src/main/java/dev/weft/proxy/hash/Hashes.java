package dev.weft.proxy.hash;

/// The hash functions by which Envoy ties requests to endpoints, bit for bit. Text is hashed as
/// Latin-1, a byte for each character, without copying it.
public final class Hashes {
    /// Stands for no hash: nothing ties the request to an endpoint.
    public static final long NONE = 0;

    /// Of GNU's `std::hash<std::string>`, with which Envoy's MURMUR_HASH_2 agrees.
    private static final long MURMUR_SEED = 0xc70f6907L;

    private static final long MURMUR_FACTOR = 0xc6a4a7935bd1e995L;
    private static final int MURMUR_SHIFT = 47;

    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_3 = 0x165667B19E3779F9L;
    private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
    private static final long PRIME_5 = 0x27D4EB2F165667C5L;

    private Hashes() {}

    /// XXH64.
    public static long xxHash64(CharSequence text, long seed) {
        var length = text.length();
        var at = 0;
        long hash;
        if (length >= 32) {
            var a = seed + PRIME_1 + PRIME_2;
            var b = seed + PRIME_2;
            var c = seed;
            var d = seed - PRIME_1;
            for (; at <= length - 32; at += 32) {
                a = round(a, eight(text, at));
                b = round(b, eight(text, at + 8));
                c = round(c, eight(text, at + 16));
                d = round(d, eight(text, at + 24));
            }
            hash =
                    Long.rotateLeft(a, 1)
                            + Long.rotateLeft(b, 7)
                            + Long.rotateLeft(c, 12)
                            + Long.rotateLeft(d, 18);
            hash = merge(hash, a);
            hash = merge(hash, b);
            hash = merge(hash, c);
            hash = merge(hash, d);
        } else {
            hash = seed + PRIME_5;
        }
        hash += length;
        for (; at <= length - 8; at += 8) {
            hash = Long.rotateLeft(hash ^ round(0, eight(text, at)), 27) * PRIME_1 + PRIME_4;
        }
        if (at <= length - 4) {
            hash = Long.rotateLeft(hash ^ (four(text, at) * PRIME_1), 23) * PRIME_2 + PRIME_3;
            at += 4;
        }
        for (; at < length; at++) {
            hash = Long.rotateLeft(hash ^ (one(text, at) * PRIME_5), 11) * PRIME_1;
        }
        hash = (hash ^ (hash >>> 33)) * PRIME_2;
        hash = (hash ^ (hash >>> 29)) * PRIME_3;
        return hash ^ (hash >>> 32);
    }

    /// MurmurHash64A.
    public static long murmur2(CharSequence text) {
        var length = text.length();
        var hash = MURMUR_SEED ^ (length * MURMUR_FACTOR);
        var at = 0;
        for (; at <= length - 8; at += 8) {
            var part = eight(text, at) * MURMUR_FACTOR;
            part = (part ^ (part >>> MURMUR_SHIFT)) * MURMUR_FACTOR;
            hash = (hash ^ part) * MURMUR_FACTOR;
        }
        if (at < length) {
            var rest = 0L;
            for (int i = length - 1; i >= at; i--) {
                rest = (rest << 8) | one(text, i);
            }
            hash = (hash ^ rest) * MURMUR_FACTOR;
        }
        hash = (hash ^ (hash >>> MURMUR_SHIFT)) * MURMUR_FACTOR;
        return hash ^ (hash >>> MURMUR_SHIFT);
    }

    private static long round(long lane, long input) {
        return Long.rotateLeft(lane + input * PRIME_2, 31) * PRIME_1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
    }

    private static long eight(CharSequence text, int at) {
        return four(text, at) | (four(text, at + 4) << 32);
    }

    private static long four(CharSequence text, int at) {
        return one(text, at)
                | (one(text, at + 1) << 8)
                | (one(text, at + 2) << 16)
                | (one(text, at + 3) << 24);
    }

    private static long one(CharSequence text, int at) {
        return text.charAt(at) & 0xff;
    }
}
