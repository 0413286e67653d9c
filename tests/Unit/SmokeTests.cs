using Xunit;
namespace SharpVisor.Tests.Unit;
public class SmokeTests { [Fact] public void Runs() => Assert.True(true); }
