package dev.weft.e2e.app;

/// What came back for a request, before it is judged.
sealed interface Result {
    /// @param status HTTP's status; 200 stands for gRPC's OK
    record Answered(int status, String body) implements Result {}

    record Broken(String why) implements Result {}
}
