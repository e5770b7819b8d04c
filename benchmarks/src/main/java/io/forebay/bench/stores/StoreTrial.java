package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Trial;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A trial whose contender is an engine. */
record StoreTrial(Trial trial, EngineKind kind) {
    static StoreTrial of(Trial trial) {
        return new StoreTrial(trial, EngineKind.of(trial.contender()));
    }

    Scale scale() {
        return trial.scale();
    }

    Data data() {
        return new Data(scale().keys(), scale().valueBytes());
    }

    boolean can(Ability ability) {
        return kind.can(Set.of(ability));
    }

    /** An empty store in a directory of its own. */
    Engine open(String name, Setup setup) {
        return kind.open(trial.newDirectory(name), setup);
    }

    Engine open(Setup setup) {
        return open("store", setup);
    }

    /** Empty stores that share the memory. */
    List<Engine> openMany(int count, Setup setup) {
        List<File> directories = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            directories.add(trial.newDirectory("store" + i));
        }
        return kind.openMany(directories, setup);
    }
}
