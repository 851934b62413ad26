package dev.weft.proxy.http1;

import dev.weft.proxy.syntax.Tokens;
import io.netty.util.ByteProcessor;
import org.jspecify.annotations.Nullable;

/// The grammar of a message's head (RFC 9112, 3 to 5) without any of the leniency that it allows:
/// lines end in CR LF, one space separates, lines are not folded, values hold no control
/// characters. Takes one byte after the other and stops at the first that is wrong, and after the
/// head's last.
///
/// ```
/// request:  START -> METHOD -> TARGET -> VERSION -> LINE_END -> FIELD -> NAME -> VALUE -> LINE_END ...
/// response: START -> VERSION -> STATUS -> REASON -> LINE_END -> FIELD ...
/// FIELD -> HEAD_END -> ended
/// ```
final class HeadGrammar implements ByteProcessor {
    private static final byte[] VERSION = {'H', 'T', 'T', 'P', '/', '1', '.'};
    private static final int STATUS_DIGITS = 3;

    private enum State {
        START,
        EMPTY_LINE_END,
        METHOD,
        TARGET,
        VERSION,
        STATUS,
        REASON,
        LINE_END,
        FIELD,
        NAME,
        VALUE,
        HEAD_END,
        ENDED,
        WRONG
    }

    private final boolean request;
    private final int maxFields;
    private int fields;
    private boolean excessive;
    private State state = State.START;
    private int at;
    private @Nullable String wrong;

    private HeadGrammar(boolean request, int maxFields) {
        this.request = request;
        this.maxFields = maxFields;
    }

    /// @param maxFields of one head
    static HeadGrammar ofRequests(int maxFields) {
        return new HeadGrammar(true, maxFields);
    }

    static HeadGrammar ofResponses(int maxFields) {
        return new HeadGrammar(false, maxFields);
    }

    void restart() {
        state = State.START;
        at = 0;
        fields = 0;
    }

    boolean begun() {
        return state != State.START;
    }

    boolean ended() {
        return state == State.ENDED;
    }

    /// Fields of this head that have begun.
    int fields() {
        return fields;
    }

    /// Whether what is wrong is that there are too many of them.
    boolean isExcessive() {
        return excessive;
    }

    /// Null: nothing is wrong so far.
    @Nullable String wrong() {
        return wrong;
    }

    /// @return false: look no further
    @Override
    public boolean process(byte value) {
        state = next(value & 0xff);
        return state != State.ENDED && state != State.WRONG;
    }

    private State next(int c) {
        return switch (state) {
            case START -> start(c);
            case EMPTY_LINE_END -> c == '\n' ? State.START : wrong("a CR without LF", c);
            case METHOD -> method(c);
            case TARGET -> target(c);
            case VERSION -> version(c);
            case STATUS -> status(c);
            case REASON -> text(c, State.REASON, "the reason");
            case LINE_END -> c == '\n' ? State.FIELD : wrong("a CR without LF", c);
            case FIELD -> field(c);
            case NAME -> c == ':' ? State.VALUE : token(c, State.NAME, "the name of a field");
            case VALUE -> text(c, State.VALUE, "the value of a field");
            case HEAD_END -> c == '\n' ? State.ENDED : wrong("a CR without LF", c);
            case ENDED, WRONG -> state;
        };
    }

    /// Empty lines before a request are allowed (RFC 9112, 2.2).
    private State start(int c) {
        if (!request) {
            return version(c);
        }
        return c == '\r' ? State.EMPTY_LINE_END : token(c, State.METHOD, "the method");
    }

    private State method(int c) {
        return c == ' ' ? State.TARGET : token(c, State.METHOD, "the method");
    }

    private State target(int c) {
        if (c == ' ' && at > 0) {
            at = 0;
            return State.VERSION;
        }
        at++;
        return c > ' ' && c != 0x7f ? State.TARGET : wrong("the target", c);
    }

    /// `HTTP/1.0` or `HTTP/1.1`.
    private State version(int c) {
        if (at < VERSION.length) {
            return c == VERSION[at++] ? State.VERSION : wrong("the version", c);
        }
        if (at == VERSION.length) {
            at++;
            return c == '0' || c == '1' ? State.VERSION : wrong("the version", c);
        }
        at = 0;
        if (request) {
            return c == '\r' ? State.LINE_END : wrong("the version", c);
        }
        return c == ' ' ? State.STATUS : wrong("the version", c);
    }

    private State status(int c) {
        if (at < STATUS_DIGITS) {
            at++;
            return c >= '0' && c <= '9' && (at > 1 || c != '0')
                    ? State.STATUS
                    : wrong("the status", c);
        }
        at = 0;
        if (c == '\r') {
            return State.LINE_END;
        }
        return c == ' ' ? State.REASON : wrong("the status", c);
    }

    private State field(int c) {
        if (c == '\r') {
            return State.HEAD_END;
        }
        if (++fields > maxFields) {
            excessive = true;
            wrong = "more than %d fields".formatted(maxFields);
            return State.WRONG;
        }
        return token(c, State.NAME, "a line of the head");
    }

    private State token(int c, State then, String where) {
        return Tokens.isTokenChar(c) ? then : wrong(where, c);
    }

    private State text(int c, State then, String where) {
        if (c == '\r') {
            return State.LINE_END;
        }
        return (c >= ' ' && c != 0x7f) || c == '\t' ? then : wrong(where, c);
    }

    private State wrong(String where, int c) {
        wrong = "0x%02x in %s".formatted(c, where);
        return State.WRONG;
    }
}
