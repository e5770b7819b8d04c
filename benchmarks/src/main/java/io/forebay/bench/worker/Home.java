package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the JVMs of the contenders find their classes. Immutable.
 *
 * @param common class path of all
 * @param engines folder of the folders that only some contenders get
 */
public record Home(List<String> common, File engines) {
    /** Of the build that {@code type} was loaded from: {@code classes}, {@code lib} and {@code engines} beside each other. */
    public static Home of(Class<?> type) {
        URL location = type.getProtectionDomain().getCodeSource().getLocation();
        try {
            File classes = new File(location.toURI());
            File target = classes.getParentFile();
            return new Home(
                    List.of(classes.getPath(), new File(target, "lib/*").getPath()), new File(target, "engines"));
        } catch (URISyntaxException e) {
            throw new IllegalStateException("Not the address of a folder of classes: " + location, e);
        }
    }

    /** Folders that the contender needs and that have no jar. */
    public List<String> missing(Contender contender) {
        return contender.libraries().stream()
                .filter(library -> jars(new File(engines, library)).isEmpty())
                .toList();
    }

    /** Their names in order; none when there is no such folder. */
    private static List<String> jars(File folder) {
        String[] names = folder.list((parent, name) -> name.endsWith(".jar"));
        return names == null ? List.of() : Arrays.stream(names).sorted().toList();
    }

    public String classPath(Contender contender) {
        List<String> path = new ArrayList<>(common);
        contender.libraries().forEach(library -> path.add(new File(engines, library + "/*").getPath()));
        return String.join(File.pathSeparator, path);
    }

    /** As {@link #classPath}, with every jar by its name: for programs that hand their class path on. */
    public String expandedClassPath(Contender contender) {
        List<String> path = new ArrayList<>();
        for (String element : classPath(contender).split(File.pathSeparator)) {
            if (!element.endsWith("*")) {
                path.add(element);
                continue;
            }
            File folder = new File(element).getParentFile();
            jars(folder).forEach(jar -> path.add(new File(folder, jar).getPath()));
        }
        return String.join(File.pathSeparator, path);
    }

    /** File names of the jars that only this contender gets: they tell the versions. */
    public List<String> jars(Contender contender) {
        return contender.libraries().stream()
                .flatMap(library -> jars(new File(engines, library)).stream())
                .sorted()
                .toList();
    }
}
