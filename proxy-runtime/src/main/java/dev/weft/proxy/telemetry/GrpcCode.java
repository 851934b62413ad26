package dev.weft.proxy.telemetry;

import java.util.List;

/// The status codes of gRPC, by their numbers and names.
public final class GrpcCode {
    /// Of a request that is no gRPC, or has not been told how it ended.
    public static final int NONE = -1;

    public static final int OK = 0;
    public static final int UNKNOWN = 2;

    private static final List<String> NAMES =
            List.of(
                    "OK",
                    "CANCELLED",
                    "UNKNOWN",
                    "INVALID_ARGUMENT",
                    "DEADLINE_EXCEEDED",
                    "NOT_FOUND",
                    "ALREADY_EXISTS",
                    "PERMISSION_DENIED",
                    "RESOURCE_EXHAUSTED",
                    "FAILED_PRECONDITION",
                    "ABORTED",
                    "OUT_OF_RANGE",
                    "UNIMPLEMENTED",
                    "INTERNAL",
                    "UNAVAILABLE",
                    "DATA_LOSS",
                    "UNAUTHENTICATED");

    /// As Envoy's access log has them.
    private static final List<String> ENVOY_NAMES =
            List.of(
                    "OK",
                    "Canceled",
                    "Unknown",
                    "InvalidArgument",
                    "DeadlineExceeded",
                    "NotFound",
                    "AlreadyExists",
                    "PermissionDenied",
                    "ResourceExhausted",
                    "FailedPrecondition",
                    "Aborted",
                    "OutOfRange",
                    "Unimplemented",
                    "Internal",
                    "Unavailable",
                    "DataLoss",
                    "Unauthenticated");

    private GrpcCode() {}

    /// What `grpc-status` says; clients take what is no number for [#UNKNOWN].
    public static int parse(String header) {
        if (header.isEmpty() || header.length() > 9) {
            return UNKNOWN;
        }
        var code = 0;
        for (int i = 0; i < header.length(); i++) {
            var digit = header.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return UNKNOWN;
            }
            code = code * 10 + digit;
        }
        return code;
    }

    /// Whether it is one of gRPC's own.
    public static boolean isKnown(int code) {
        return code >= 0 && code < NAMES.size();
    }

    /// As in `UNAVAILABLE`; the number of one that is not known.
    public static String name(int code) {
        return isKnown(code) ? NAMES.get(code) : Integer.toString(code);
    }

    static String envoyName(int code) {
        return isKnown(code) ? ENVOY_NAMES.get(code) : Integer.toString(code);
    }
}
