package dev.weft.e2e.demo;

/// What a weighted route should do, and what it did.
///
/// @param wantedPercent of the requests that should go to the first backend
/// @param first requests that it got
/// @param requests all that were measured
record Split(double wantedPercent, long first, long requests) {
    private static final double TOLERANCE = 2.0;
    static final int ENOUGH = 5_000;

    double measuredPercent() {
        return requests == 0 ? 0 : 100.0 * first / requests;
    }

    boolean held() {
        return requests >= ENOUGH && Math.abs(measuredPercent() - wantedPercent) <= TOLERANCE;
    }
}
