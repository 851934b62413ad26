package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `weft images`.
@Command(name = "images", description = "Builds all images and prints their names and archives.")
public final class ImagesCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        for (var image :
                new Images(Images.top(), Cache.ofUser(), Progress.toStandardError()).all()) {
            System.out.println(image.localReference() + "\t" + image.archive());
        }
        return 0;
    }
}
