package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weft images`.
@Command(name = "images", description = "Builds all images and prints their names and archives.")
public final class ImagesCommand implements Callable<Integer> {
    @Option(
            names = "--unpacked-proxy",
            description =
                    "Builds no image, but the file system of the proxy's, and prints its folder.")
    private boolean unpackedProxy;

    @Override
    public Integer call() {
        if (unpackedProxy) {
            System.out.println(images().unpackedProxy());
            return 0;
        }
        for (var image : images().all()) {
            System.out.println(image.localReference() + "\t" + image.archive());
        }
        return 0;
    }

    private static Images images() {
        return new Images(Images.top(), Cache.ofUser(), Progress.toStandardError());
    }
}
