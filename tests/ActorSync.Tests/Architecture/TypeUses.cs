using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace ActorSync.Tests.Architecture;

/// <summary>What a type touches, read from its signatures and its IL, so that neither an alias nor a <c>var</c> hides it.</summary>
internal static class TypeUses
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly FrozenDictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToFrozenDictionary(code => code.Value);

    /// <summary>Types that a person wrote: what the compiler made counts for the type around it.</summary>
    public static IEnumerable<Type> Written(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.DeclaringType is null && IsWritten(type));

    /// <summary>The outermost types that <paramref name="type"/> and all within it mention.</summary>
    public static IReadOnlySet<Type> Of(Type type)
    {
        var uses = new HashSet<Type>();
        foreach (var member in WithNested(type).SelectMany(Members))
        {
            Add(uses, member);
        }

        _ = uses.RemoveWhere(used => used == type || (used.Assembly == type.Assembly && !IsWritten(used)));
        return uses;
    }

    /// <summary>The methods that <paramref name="type"/> and all within it call, with the method that calls.</summary>
    public static IEnumerable<(MethodBase Caller, MethodBase Called)> Calls(Type type) =>
        WithNested(type)
            .SelectMany(nested => nested.GetMethods(All).Cast<MethodBase>().Concat(nested.GetConstructors(All)))
            .SelectMany(caller => Tokens(caller).OfType<MethodBase>().Select(called => (caller, called)));

    private static bool IsWritten(Type type) =>
        !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.Name.StartsWith('<') && type.Namespace is not null;

    private static IEnumerable<Type> WithNested(Type type) => type.GetNestedTypes(All).SelectMany(WithNested).Prepend(type);

    private static IEnumerable<object> Members(Type type)
    {
        IEnumerable<object?> own = [type.BaseType, .. type.GetInterfaces(), .. type.GetFields(All).Select(field => field.FieldType)];
        var methods = type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All));
        return own.Concat(
                methods.SelectMany(method =>
                    method
                        .GetParameters()
                        .Select(parameter => parameter.ParameterType)
                        .Append((method as MethodInfo)?.ReturnType)
                        .Concat(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? [])
                        .Cast<object?>()
                        .Concat(Tokens(method))
                )
            )
            .OfType<object>();
    }

    private static void Add(HashSet<Type> uses, object used)
    {
        switch (used)
        {
            case Type { HasElementType: true } type:
                Add(uses, type.GetElementType()!);
                break;
            case Type { IsGenericParameter: true }:
                break;
            case Type type:
                _ = uses.Add(Outermost(type.IsGenericType ? type.GetGenericTypeDefinition() : type));
                foreach (var argument in type.GetGenericArguments().Where(argument => argument != type))
                {
                    Add(uses, argument);
                }

                break;
            case MethodInfo { IsGenericMethod: true } method:
                Add(uses, method.DeclaringType!);
                foreach (var argument in method.GetGenericArguments())
                {
                    Add(uses, argument);
                }

                break;
            case MemberInfo { DeclaringType: { } owner }:
                Add(uses, owner);
                break;
        }
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<MemberInfo> Tokens(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } il)
        {
            yield break;
        }

        for (var i = 0; i < il.Length; )
        {
            short value = il[i++];
            if (value == 0xFE)
            {
                value = (short)(0xFE00 | il[i++]);
            }

            var code = OpCodesByValue[value];
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                if (Resolve(method, BitConverter.ToInt32(il, i)) is { } member)
                {
                    yield return member;
                }
            }

            i += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, i)),
                _ => 4,
            };
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        var ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return method.Module.ResolveMember(token, ofType, ofMethod);
    }
}
