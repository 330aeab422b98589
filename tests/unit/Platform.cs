// csrun and all that tests it is for Linux alone.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
