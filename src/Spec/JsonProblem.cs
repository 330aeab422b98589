namespace Csrun.Spec;

/// <summary>What is wrong at a place of a JSON text; <paramref name="Member"/> is missing in the object that starts there.</summary>
internal readonly record struct JsonProblem(int Offset, string? Member, ErrorCode Code, string Message);
