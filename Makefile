# A front for tools/Build, which says how everything is done; build.ps1 is the other front. Variables given on the
# command line reach it through the environment: make run CMDLINE="console=ttyAMA0 quiet"
.DEFAULT_GOAL := help
.PHONY: build run bundle sdcard hvctl smoke test bench soak debug symbolize clean help

TOOL := build/dotnet/bin/Build/release/SharpVisor.Build.dll
TOOL_SOURCES := $(wildcard tools/Build/*.cs tools/Build/*/*.cs tools/Build/*.csproj kernel/Formats/*.cs Directory.Build.props)
TOOL_SOURCES += $(wildcard tools/Control/*/*.cs tools/Control/*.csproj kernel/Console/Control/*.cs kernel/Console/Protocol/*.cs)
TOOL_SOURCES += $(wildcard tools/Bundles/*.cs tools/Bundles/*/*.cs tools/Bundles/*.csproj)

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

ifeq ($(shell command -v dotnet),)
$(error The .NET SDK 10 is needed: https://dotnet.microsoft.com/download, or your system's package dotnet-sdk-10.0)
endif

build run bundle sdcard hvctl smoke test bench soak debug symbolize clean help: $(TOOL)
	@dotnet $(TOOL) $@

$(TOOL): $(TOOL_SOURCES)
	@echo "  compile    tools/Build"
	@dotnet msbuild tools/Build/Build.csproj -restore -nologo -v:q -tl:off -nodeReuse:false
	@touch $@

# Any other verb: the tool says what there is.
.DEFAULT:
	@$(MAKE) -s --no-print-directory $(TOOL)
	@dotnet $(TOOL) $@
