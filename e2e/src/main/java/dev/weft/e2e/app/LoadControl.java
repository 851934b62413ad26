package dev.weft.e2e.app;

import io.vertx.core.json.JsonObject;
import java.util.List;

/// What a load generator is told by HTTP. Every answer is an object, with `error` where nothing was
/// done.
interface LoadControl {
    /// Of what is no load generator.
    LoadControl NONE =
            new LoadControl() {
                private static final String WHY = "this is not a load generator";

                @Override
                public JsonObject burst(String load, String service, int requests) {
                    return error(WHY);
                }

                @Override
                public JsonObject begin(String load, List<String> services, int perProtocol) {
                    return error(WHY);
                }

                @Override
                public JsonObject end(String load) {
                    return error(WHY);
                }
            };

    static JsonObject error(String why) {
        return new JsonObject().put("error", why);
    }

    /// Many requests at once on kept-alive connections, as part of a load that runs. Blocks until
    /// all are answered; says how many answers came from each version.
    JsonObject burst(String load, String service, int requests);

    /// Starts a load, whose requests carry its name.
    JsonObject begin(String load, List<String> services, int perProtocol);

    /// Ends a load. Blocks until what is outstanding is answered, and the recorder knows all.
    JsonObject end(String load);
}
