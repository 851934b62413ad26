package dev.weft.proxy.admin;

/// What one of the proxy's own ports answers.
record Answer(int status, String contentType, String body) {
    static Answer text(int status, String body) {
        return new Answer(status, "text/plain; charset=utf-8", body + "\n");
    }

    static Answer json(String body) {
        return new Answer(200, "application/json", body + "\n");
    }

    static Answer metrics(String body) {
        return new Answer(200, "text/plain; version=0.0.4; charset=utf-8", body);
    }
}
