package dev.weft.proxy.config;

/// A resource cannot be taken; the message is the NACK's, with place, finding and remedy.
final class Rejected extends RuntimeException {
    private static final long serialVersionUID = 1;

    Rejected(String message) {
        super(message, null, false, false);
    }

    static Rejected at(String place, String finding) {
        return new Rejected(place + ": " + finding);
    }
}
