package io.forebay.flink;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.runtime.state.StateBackendFactory;

/**
 * What a configuration names: {@code state.backend.type: io.forebay.flink.ForebayStateBackendFactory}. The options are in
 * {@link ForebayOptions}.
 */
@PublicEvolving
public class ForebayStateBackendFactory implements StateBackendFactory<ForebayStateBackend> {
    @Override
    public ForebayStateBackend createFromConfig(ReadableConfig config, ClassLoader classLoader) {
        return new ForebayStateBackend().configure(config, classLoader);
    }
}
