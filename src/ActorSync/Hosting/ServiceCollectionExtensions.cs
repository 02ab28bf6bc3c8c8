using ActorSync.Platform;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSync.Hosting;

/// <summary>Puts the sync runtime into an app's host.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>The name of the health check.</summary>
    public const string HealthCheckName = "actorsync";

    /// <summary>
    /// Adds a <see cref="SyncRuntime"/> that starts and stops with the host, its health check and its log. It lives in the host's
    /// <see cref="ActorSystem"/> when one is registered, otherwise in one of its own.
    /// </summary>
    /// <remarks>
    /// Ask for <see cref="SyncRuntime"/> in any constructor. It takes operations from the moment that the host's services start; hosted
    /// services start in the order in which they were added, so add those that use it after it. An <see cref="IHangarSource"/> among the services is the
    /// hangar's, unless the options have one. Metrics are those of the meter <c>ActorSync</c>.
    /// </remarks>
    /// <exception cref="InvalidSettingException">When the host is built: a setting is wrong.</exception>
    public static IServiceCollection AddActorSync(this IServiceCollection services, Action<ActorSyncBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddActorSync(_ =>
        {
            var builder = new ActorSyncBuilder();
            configure(builder);
            return builder.Build();
        });
    }

    /// <summary>Adds a runtime with options that the app made itself, such as by <see cref="SyncOptionsReader.Read(string, string?, string)"/>.</summary>
    /// <inheritdoc cref="AddActorSync(IServiceCollection, Action{ActorSyncBuilder})" path="/remarks"/>
    public static IServiceCollection AddActorSync(this IServiceCollection services, SyncOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services.AddActorSync(_ => options);
    }

    private static IServiceCollection AddActorSync(this IServiceCollection services, Func<IServiceProvider, SyncOptions> options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(provider =>
            SyncRuntime.Create(
                WithSource(provider.GetRequiredService<SyncOptions>(), provider),
                provider.GetService<SyncPlatform>() ?? SyncPlatform.Real(provider.GetService<TimeProvider>()),
                provider.GetService<ILoggerFactory>(),
                provider.GetService<ActorSystem>()
            )
        );
        if (!services.Any(service => service.ImplementationType == typeof(ActorSyncService)))
        {
            _ = services.AddHostedService<ActorSyncService>();
            _ = services.AddHealthChecks().AddCheck<ActorSyncHealthCheck>(HealthCheckName);
        }

        return services;
    }

    // One in the options wins over one among the services.
    private static SyncOptions WithSource(SyncOptions options, IServiceProvider provider) =>
        options.HangarSource is null ? options with { HangarSource = provider.GetService<IHangarSource>() } : options;

    private sealed class ActorSyncService(SyncRuntime runtime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => runtime.OpenAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => runtime.StopAsync(cancellationToken);
    }
}
