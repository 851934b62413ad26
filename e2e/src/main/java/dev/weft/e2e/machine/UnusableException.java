package dev.weft.e2e.machine;

/// There can be no such cluster here. The message is for the person: what is missing and what to
/// do, no stack trace needed.
public final class UnusableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnusableException(String message) {
        super(message);
    }
}
