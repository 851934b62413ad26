package dev.weft.e2e.app;

import io.vertx.core.json.JsonObject;

/// Many requests at once on kept-alive connections, asked for by `GET /burst`; only a load
/// generator can.
@FunctionalInterface
interface Burst {
    Burst NONE =
            (service, requests) -> new JsonObject().put("error", "this is not a load generator");

    /// Blocks until all are answered; says how many answers came from each version.
    JsonObject run(String service, int requests);
}
