// cert-manager is what a cluster knows by that name: its controllers, its CA injector or its webhook, whichever the arguments name. All of
// it is the code of the module of that version. Only the main functions are ours: theirs are modules that are never published.
//
// The name of this module is below theirs, as the names of theirs are, because their webhook is in a package that is internal.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/cert-manager/cert-manager/internal/webhook"
	"github.com/cert-manager/cert-manager/pkg/api"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"
)

var components = map[string]func(context.Context, []string) error{
	"controller": runControllers,
	"cainjector": runInjector,
	"webhook":    runWebhook,
}

// The chart of cert-manager gives each component its flags. The component's name is among them, the one argument that is no flag.
func main() {
	var run func(context.Context, []string) error
	for _, argument := range os.Args[1:] {
		if component, is := components[argument]; is {
			run = component
		}
	}
	if run == nil {
		fmt.Fprintln(os.Stderr, "one argument has to be controller, cainjector or webhook")
		os.Exit(2)
	}
	logs.InitLogs()
	defer logs.FlushLogs()
	ctrl.SetLogger(logs.Log)
	ctx := logs.NewContext(ctrl.SetupSignalHandler(), logs.Log)
	if err := run(ctx, os.Args[1:]); err != nil {
		logs.Log.Error(err, "ended")
		logs.FlushLogs()
		os.Exit(1)
	}
}

// parse reads the flags that are known, and passes over the others: leaders are not elected among one, and nobody reads metrics.
func parse(flags *pflag.FlagSet, logging *logsapi.LoggingConfiguration, arguments []string) error {
	flags.ParseErrorsAllowlist.UnknownFlags = true
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	return logs.ValidateAndApply(logging)
}

// runControllers runs every controller that is imported above: those that have to do with issuers of the kinds CA and SelfSigned.
func runControllers(ctx context.Context, arguments []string) error {
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	logging := logsapi.NewLoggingConfiguration()
	logs.AddFlagsNonDeprecated(logging, flags)
	namespace := flags.String("cluster-resource-namespace", "kube-system", "where the Secrets of ClusterIssuers are")
	if err := parse(flags, logging, arguments); err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		IssuerOptions: controller.IssuerOptions{ClusterResourceNamespace: *namespace},
		// As the flags of cert-manager's own are where nobody gives them.
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
	})
	if err != nil {
		return err
	}
	running, ctx := errgroup.WithContext(ctx)
	for _, construct := range controller.Known() {
		each, err := construct(factory)
		if err != nil {
			return err
		}
		running.Go(func() error { return each.Run(5, ctx) })
	}
	// What they have asked for by now is listed and watched for all of them.
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	return running.Wait()
}

// runInjector puts CAs into webhook configurations: those of Certificates, and the one of cert-manager's own webhook.
func runInjector(ctx context.Context, arguments []string) error {
	flags := pflag.NewFlagSet("cainjector", pflag.ContinueOnError)
	logging := logsapi.NewLoggingConfiguration()
	logs.AddFlagsNonDeprecated(logging, flags)
	if err := parse(flags, logging, arguments); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		kubernetes.AddToScheme, api.AddToScheme, apiextensions.AddToScheme, apiregistration.AddToScheme,
	} {
		utilruntime.Must(add(scheme))
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	manager, err := ctrl.NewManager(util.RestConfigWithUserAgent(config, "cainjector"), ctrl.Options{
		Scheme:  scheme,
		Cache:   cache.Options{ReaderFailOnMissingInformer: true},
		Client:  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics: server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	err = cainjector.RegisterAllInjectors(ctx, manager, cainjector.SetupOptions{
		EnableCertificatesDataSource: true,
		EnabledReconcilersFor: map[string]bool{
			cainjector.MutatingWebhookConfigurationName:   true,
			cainjector.ValidatingWebhookConfigurationName: true,
		},
	})
	if err != nil {
		return err
	}
	return manager.Start(ctx)
}

// runWebhook judges Certificates, Issuers and CertificateRequests, and writes into the last who asks.
func runWebhook(ctx context.Context, arguments []string) error {
	flags := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	configuration, err := options.NewWebhookConfiguration()
	if err != nil {
		return err
	}
	options.AddConfigFlags(flags, configuration)
	if err := parse(flags, &configuration.Logging, arguments); err != nil {
		return err
	}
	server, err := webhook.NewCertManagerWebhookServer(logs.Log, *configuration)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
