package dev.weft.proxy.telemetry;

/// What is told of a text that a client has chosen: it waits in queues, so it cannot be as long as
/// the client likes.
public final class Excerpt {
    /// Longer ones are cut, which [#MARK] shows.
    static final int MAX_CHARS = 4096;

    static final String MARK = "...";

    private Excerpt() {}

    public static String of(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + MARK;
    }
}
