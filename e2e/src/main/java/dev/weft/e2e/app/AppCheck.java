package dev.weft.e2e.app;

import java.util.concurrent.CountDownLatch;

/// Calls out as the first and as the last thing that a process does.
///
/// `appcheck job URL` calls, calls again, and ends: 0 if both were answered with 200. `appcheck
/// linger URL` calls, waits for SIGTERM, and calls again after the time that a sidecar's drain may
/// take.
final class AppCheck {
    private static final long LAST_AFTER_MILLIS = 3000;

    private AppCheck() {}

    static int run(String[] args) throws InterruptedException {
        if (args.length != 2) {
            System.err.println("usage: appcheck job|linger URL");
            return 2;
        }
        boolean first = calls("first", args[1], 0);
        if (args[0].equals("linger")) {
            Runtime.getRuntime()
                    .addShutdownHook(
                            new Thread(() -> {
                                waitForDrain();
                                calls("last", args[1], 1);
                            }));
            new CountDownLatch(1).await();
        }
        boolean last = calls("last", args[1], 1);
        return first && last ? 0 : 1;
    }

    private static void waitForDrain() {
        try {
            Thread.sleep(LAST_AFTER_MILLIS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean calls(String which, String url, int sequence) {
        String pod = System.getenv().getOrDefault("POD_NAME", "appcheck");
        var answer = Calls.call(url + "#" + new RequestId(pod, sequence), "");
        System.out.println(which + ": " + answer.toJson());
        return answer.status() == 200;
    }
}
