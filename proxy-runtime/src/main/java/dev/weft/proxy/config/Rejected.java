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

    /// Text of a configuration for a finding: one line, whatever it has in it.
    static String quoted(String text) {
        var quoted = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (Character.isISOControl(c)) {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.toString();
    }
}
